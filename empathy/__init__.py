"""What a trial does, from dialogues to measured adapters. Knows neither Ray nor sweeps."""

import logging

# transformers imports DeepSpeed, which on a machine without a GPU says so on standard output, in
# the middle of a data card or of JSON. `empathy.device` tells what trials run on.
logging.getLogger("DeepSpeed").addFilter(
    lambda record: "Setting accelerator to CPU" not in record.getMessage()
)
