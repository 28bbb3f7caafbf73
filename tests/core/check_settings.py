"""Settings: whatever is wrong falls back to its default."""

from plmcore.detector import ON_MG
from settings import Settings

DEFAULTS = ("left", "", "wasm2016", 0, ON_MG)


def values(settings):
    s = settings
    return (s.leg, s.label, s.rules.name, s.shank, s.on_mg)


def given(folder, text):
    with open(folder + "/settings.json", "w") as file:
        file.write(text)
    return Settings(folder)


def check_no_file_means_defaults(folder):
    settings = Settings(folder)
    assert values(settings) == DEFAULTS
    assert not settings.fault


def check_all_are_taken(folder):
    settings = given(
        folder, '{"leg": "right", "label": "bed", "rules": "aasm3", "shank": 2, "on_mg": 30}'
    )
    assert values(settings) == ("right", "bed", "aasm3", 2, 30)
    assert not settings.fault


def check_a_broken_file_means_defaults_and_a_fault(folder):
    for text in (
        "",
        "{",
        '{"leg": "right"',
        "[]",
        "3",
        "null",
        '"right"',
        "\x00\x00",
        "[" * 2000,
        '{"a": ' * 300,
        '{"leg": "right", "label": "%s"}' % ("k" * 200000),
    ):
        settings = given(folder, text)
        assert values(settings) == DEFAULTS, text
        assert settings.fault, text


def check_binary_garbage_means_defaults_and_a_fault(folder):
    for data in (b"\xff\xfe\x00\x80" * 100, b'{"label": "\xff"}', bytes(range(256))):
        with open(folder + "/settings.json", "wb") as file:
            file.write(data)
        settings = Settings(folder)
        assert settings.leg == "left" and settings.rules.name == "wasm2016"
        settings.label.encode()


def check_a_wrong_value_means_its_default_only(folder):
    wrong = ("null", "[]", "{}", "true", '"x"', "-1", "3", "4.5", "1e3", "[1]")
    for key, position in (("leg", 0), ("rules", 2), ("shank", 3), ("on_mg", 4)):
        good = {"leg": '"right"', "label": '"bed"', "rules": '"aasm3"', "shank": "1", "on_mg": "9"}
        for value in wrong:
            if (key, value) == ("shank", "true"):
                continue  # is 1
            good[key] = value
            text = "{" + ", ".join(f'"{k}": {v}' for k, v in good.items()) + "}"
            expected = ["right", "bed", "aasm3", 1, 9]
            expected[position] = DEFAULTS[position]
            assert values(given(folder, text)) == tuple(expected), text


def check_a_label_is_text_of_40_characters(folder):
    assert given(folder, '{"label": 5}').label == ""
    assert given(folder, '{"label": "' + 100 * "k" + '"}').label == 40 * "k"
