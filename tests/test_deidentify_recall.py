"""How much is found in the invented sentences, and every word that is missed.

Whoever changes a rule changes these lists, and sees what it costs. With a language model for names
there are fewer misses; none is among the requirements.

python -m pytest tests/test_deidentify_recall.py
"""
