"""Which true movements are PLMs: the WASM 2016 rule, written plainly for the truth alone."""


def wasm_flags(times_ms: list[tuple[int, int]]) -> tuple[list[bool], int]:
    """PLM flag of each (onset, duration) in ms, in order of onset, and the number of series.

    One leg. A CLM lasts 0.5 to 10 s; a series has at least 4 CLMs with IMIs of 10 to 90 s; any
    other interval, or an LM over 10 s, ends it. That CLM may start the next one. Independent of
    the device's scorer on purpose. Source: Ferri et al. 2016.
    """
    flags = [False] * len(times_ms)
    series = 0
    run: list[int] = []

    def close() -> None:
        nonlocal series
        if len(run) >= 4:
            series += 1
            for member in run:
                flags[member] = True
        run.clear()

    for i, (onset, duration) in enumerate(times_ms):
        if duration < 500:
            continue
        if duration > 10_000:
            close()
            continue
        if run and not 10_000 <= onset - times_ms[run[-1]][0] <= 90_000:
            close()
        run.append(i)
    close()
    return flags, series
