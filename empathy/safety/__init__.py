"""What policies answer to people in crisis: prompts, a checker, a safety verdict. No torch.

`crisis` has the invented prompts, `checker` judges a reply, `non_inferiority` compares a policy
with its start, `examination` does both for every policy of a sweep, and `reliability` says how far
the result can be trusted.
"""
