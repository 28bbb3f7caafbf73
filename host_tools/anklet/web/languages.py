"""The language of the pages: the one that was chosen at their top, else the browser's."""

from flask import Blueprint, Flask, g, redirect, request, url_for
from werkzeug.wrappers import Response

from anklet import texts

COOKIE = "anklet-language"  # holds no secret, so every program on this address may be sent it
YEAR = 365 * 24 * 3600


def asked() -> str:
    """What this request is answered in."""
    kept = request.cookies.get(COOKIE, "")
    if kept in texts.LANGUAGES:
        return kept
    wanted = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((tag for tag in wanted if tag in texts.LANGUAGES), texts.SOURCE)


def prepare(app: Flask) -> None:
    """Each request is answered in its language, and the templates have the texts."""
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(texts._, texts.n_, newstyle=False)  # pyright: ignore
    env.globals |= {"_": texts._, "n_": texts.n_, "language": texts.language}
    env.globals["languages"] = texts.LANGUAGES
    env.filters |= {
        "day": texts.day,
        "short_day": texts.short_day,
        "decimal": texts.decimal,
        "sentence": texts.sentence,
    }

    @app.before_request
    def begin() -> None:
        g.speaking = texts.speaking(asked())
        g.speaking.__enter__()

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        if "speaking" in g:
            g.pop("speaking").__exit__(None, None, None)


def pages() -> Blueprint:
    group = Blueprint("languages", __name__)

    @group.get("/language/<language>")
    def choose(language: str) -> Response:  # changes nothing that is kept, so a link may do it
        """Keep the language, and back to the page that the link stood on."""
        back = request.args.get("back", "")
        root = url_for("home.index")
        answer = redirect(back if back.startswith(root) else root)
        if language in texts.LANGUAGES:
            answer.set_cookie(COOKIE, language, max_age=YEAR, httponly=True, samesite="Strict")
        return answer

    return group
