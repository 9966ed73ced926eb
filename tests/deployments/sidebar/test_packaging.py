"""The package that Zendesk takes, held against its documented rules, and its address and words."""

from __future__ import annotations

import json
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deployments.cli.app import app
from deployments.sidebar.packaging import CannotPackage, app_files, write_app
from incidents.commands.verbs import Verb
from incidents.links.sidebar_links import read_sidebar_token
from incidents.texts.team import Sentence, team_reads, worded_as

GATEWAY = "https://liaison.example.com"
EMAIL = "ops@example.com"
LANGUAGES = ("en", "de")
THE_BOARDS = {
    "next": "What happens next",
    "nothing": "Nothing happens by itself: a person must act, or something must be heard.",
    "over": "Nothing: it is over.",
    "overdue": "overdue",
    "known": "What is known",
    "told": "What customers were told",
    "untold": "Nothing yet.",
    "approve": "Yes",
    "deny": "No",
}
"""What the app says as the board does."""


def files() -> dict[str, bytes]:
    return dict(app_files("zendesk/support", gateway=f"{GATEWAY}/", email=EMAIL))


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files()["manifest.json"])
    return found


def script(name: str) -> str:
    return files()[f"assets/{name}"].decode()


def test_the_files_that_must_be_there():
    """ "Setting up new apps": manifest, two logos, the translation of the default language."""
    needed = {"manifest.json", "assets/logo.png", "assets/logo-small.png", "translations/en.json"}
    assert needed <= set(files())
    sizes = {
        name: struct.unpack(">II", files()[f"assets/{name}.png"][16:24]) for name in ("logo", "logo-small")
    }
    assert sizes == {"logo": (320, 320), "logo-small": (128, 128)}


def test_the_manifest():
    """ "Manifest reference" and the validations of zendesk_apps_support: the keys that must be there, their types, the
    location's page is a file under assets/, only known kinds of parameters and none called `name`."""
    found = manifest()
    assert found["author"] == {"name": "Liaison", "email": EMAIL}
    assert (found["frameworkVersion"], found["defaultLocale"], found["private"]) == ("2.0", "en", True)
    assert re.fullmatch(r"[a-z]{2}(-\w{2,3})?", found["defaultLocale"])
    assert set(found["location"]) == {"support"}
    place = found["location"]["support"]["ticket_sidebar"]
    assert place["url"] in files()
    assert place["url"].startswith("assets/")
    assert isinstance(place["flexible"], bool)
    assert found["domainWhitelist"] == ["liaison.example.com"]
    (token,) = found["parameters"]
    assert token == {"name": "token", "type": "text", "secure": True, "required": True}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation(language: str):
    """Objects of texts; every parameter is named."""
    found = json.loads(files()[f"translations/{language}.json"])["app"]
    assert {"name", "short_description", "long_description", "installation_instructions"} <= set(found)
    assert set(found["parameters"]) == {one["name"] for one in manifest()["parameters"]}
    assert all(isinstance(text, str) and text for text in found["parameters"]["token"].values())


def test_both_languages_say_all_of_it():
    blocks = re.findall(r"^  (\w\w): \{\n(.*?)^  \},", script("words.js"), re.MULTILINE | re.DOTALL)
    assert [language for language, _ in blocks] == list(LANGUAGES)
    keys = [set(re.findall(r'^ {4}("?[\w-]+"?):', block, re.MULTILINE)) for _, block in blocks]
    verbs = [set(re.findall(r'^ {6}"?([a-z-]+)"?:', block, re.MULTILINE)) for _, block in blocks]
    assert keys[0] == keys[1]
    assert verbs[0] == verbs[1]


def test_its_german_is_the_notes_german():
    """An agent reads the app and the notes side by side: one meaning a word."""
    german = script("words.js").split("\n  de: {\n")[1]
    block = german.split("labels: {")[1].split("}")[0]
    labels = re.findall(r'^ {6}"?([\w ]+?)"?: "(.+?)",', block, re.MULTILINE)
    assert len(labels) == 8
    with team_reads("de"):
        assert labels == [(label, worded_as(Sentence(label))) for label, _ in labels]
        assert worded_as(Sentence("Incident")) == "Vorfall"
        for key, sentence in THE_BOARDS.items():
            assert f'{key}: "{worded_as(Sentence(sentence))}"' in german
    assert "Vorfall" in german
    assert "Störung" not in german + files()["translations/de.json"].decode()


def test_its_buttons_are_commands():
    """Each one that it offers is a verb of Liaison's parser, with a name."""
    lists = re.findall(r"const (?:WITHOUT|WITH|NEEDS_WORDS|LONG) = \[(.*?)\]", script("sidebar.js"))
    offered = {one for line in lists for one in re.findall(r'"([a-z-]+)"', line)}
    assert len(lists) == 4
    assert offered <= {verb.value for verb in Verb}
    named = set(re.findall(r'^ {6}"?([a-z-]+)"?:', script("words.js"), re.MULTILINE))
    assert offered <= named


def test_the_address_and_no_secret():
    page = script("iframe.html")
    assert f'<meta name="liaison-tickets" content="{GATEWAY}/sidebar/zendesk/support/">' in page
    assert "{{setting.token}}" in script("sidebar.js")
    assert "secure: true" in script("sidebar.js")
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script("sidebar.js"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"connection": "zammad/support"}, "name it as zendesk/support"),
        ({"connection": "zendesk/"}, "name it as zendesk/support"),
        ({"gateway": "http://127.0.0.1:8400"}, "--gateway https://"),
        ({"gateway": "liaison.example.com"}, "--gateway https://"),
        ({"email": ""}, "no mail address"),
        ({"email": "ops"}, "no mail address"),
    ],
)
def test_what_makes_no_app(wrong: dict[str, str], words: str):
    given = {"connection": "zendesk/support", "gateway": GATEWAY, "email": EMAIL} | wrong
    with pytest.raises(CannotPackage, match=words):
        app_files(given["connection"], gateway=given["gateway"], email=given["email"])


def test_an_address_is_no_markup():
    page = app_files("zendesk/support", gateway=f'{GATEWAY}/"><script>', email=EMAIL)["assets/iframe.html"]
    assert b'"><script>' not in page


def test_the_same_zip_twice(tmp_path: Path):
    for name in ("one.zip", "two.zip"):
        write_app(tmp_path / name, files())
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as package:
        assert package.testzip() is None
        assert {name: package.read(name) for name in package.namelist()} == files()


def test_a_folder_is_written_again_and_another_is_not(tmp_path: Path):
    folder = tmp_path / "app"
    write_app(folder, files())
    write_app(folder, files())
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(CannotPackage, match=r"other files in it, such as mine\.txt"):
        write_app(folder, files())


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LIAISON_KEY", "the operator's key")
    target = tmp_path / "liaison.zip"
    done = CliRunner().invoke(
        app, ["sidebar", str(target), "--gateway", GATEWAY, "--email", EMAIL, "--home", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    found = read_sidebar_token("the operator's key", done.stdout.split()[-1])
    assert found is not None
    assert found.name == "zendesk/support"
    assert zipfile.is_zipfile(target)
