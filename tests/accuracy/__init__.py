"""How well the device counts: simulated nights with known truth, the device's own chain, rivals.

python -m tests.accuracy [--seeds 20] [--choosing] [--plan hard] [--family NAME ...] [--json FILE]
"""
