"""The search itself: Optuna and ASHA, on Ray or in this process."""
