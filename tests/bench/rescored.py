"""Nights scored again from their trace, against a replay of the full signal at that threshold."""

from collections.abc import Iterator

from anklet.night import nightfile, trace
from anklet.scoring import rescore
from anklet.signal import replay
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night

SEEDS = (11, 12)  # nights of 8 h on which nothing was tuned
ONSETS_MG = (25, 40, 60)


def nights(runtime: str = "cpython") -> Iterator[tuple[int, int, int, int]]:
    """Seed, onset threshold in mg, PLM from the trace, PLM from the full signal."""
    for seed in SEEDS:
        made = make_night(8, seed=seed)
        raw = to_raw(Acceleration(made.rate, made.acc), 50)
        files = replay.record_files(raw, runtime=runtime)
        night, traced = nightfile.parse(files[".plm"]), trace.parse(files[".trc"])
        for mg in ONSETS_MG:
            full = nightfile.parse(replay.record_raw(raw, {"on_mg": mg}, runtime))
            ours = rescore.run(night, traced, mg)["counts"]["plm"]
            yield seed, mg, ours, full.counts["plm"]


if __name__ == "__main__":
    for seed, mg, ours, full in nights("micropython" if replay.micropython() else "cpython"):
        print(f"night {seed} at {mg} mg: {ours} PLM from the trace, {full} from the signal")
