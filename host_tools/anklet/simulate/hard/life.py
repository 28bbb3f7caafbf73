"""What a sleeper's night is like: the wishes that a hard night is drawn from."""

from dataclasses import dataclass

from anklet.errors import BadInput


@dataclass(frozen=True)
class Life:
    """Rates are per hour. Sources of the defaults: see `plan`, `movement` and `events`.

    plm_per_hour: about how many PLMs; None draws a person, from 2 to 150 an hour.
    median_mg, spread: of the log-normal amplitude (largest RMS over 0.5 s within 0.5 to 8 Hz),
        its median and the standard deviation of its logarithm.
    held: the share of movements held still between rise and return.
    short: the share of intervals that are short ones, of 2 to 4 s.
    apnoea_min: minutes of breathing with apnoeas, in spells, most of which end with a movement.
    wear: how the sensor is put on (of worn.WEARS); None draws one.
    """

    plm_per_hour: float | None = None
    isolated_per_hour: float = 4.0
    clusters_per_hour: float = 0.5
    turns_per_hour: float = 5.0
    postures_per_hour: float = 3.0
    tremors_per_hour: float = 0.5
    shocks_per_hour: float = 20.0
    walks: int = 1
    apnoea_min: float = 0.0
    median_mg: float = 120.0
    spread: float = 0.9
    held: float = 0.15
    short: float = 0.10
    wear: str | None = None

    def __post_init__(self) -> None:
        """Raises BadInput for an impossible wish."""
        numbers = {k: v for k, v in vars(self).items() if isinstance(v, int | float)}
        for name, value in numbers.items():
            if not 0 <= value < 1e6:
                raise BadInput(f"{name} of {value:g} is impossible; choose 0 or more.")
        for name in ("held", "short"):
            if numbers[name] > 1:
                raise BadInput(f"{name} is a share; choose 0 to 1.")
        if not self.median_mg:
            raise BadInput("A movement of 0 mg is none; choose a median over 0 mg.")


# A sleeper to whom nothing happens: the start for nights of one thing alone.
NOTHING = Life(
    plm_per_hour=0.0,
    isolated_per_hour=0.0,
    clusters_per_hour=0.0,
    turns_per_hour=0.0,
    postures_per_hour=0.0,
    tremors_per_hour=0.0,
    shocks_per_hour=0.0,
    walks=0,
)
