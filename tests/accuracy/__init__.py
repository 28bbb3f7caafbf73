"""How well the device counts: simulated nights with known truth, the device's own chain, rivals.

python -m tests.accuracy [--seeds 20] [--family NAME ...] [--json FILE] [--jobs 2]
"""
