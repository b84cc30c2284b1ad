"""The study's questions, answered from results folders of finished sweeps; nothing is trained."""
