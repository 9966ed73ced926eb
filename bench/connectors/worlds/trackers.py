"""The trackers of the lasting fix; `closed` is each one's word for a closed issue."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from bench.connectors.worlds.world import PLENTY, Made, World, world
from connectors.github import GitHub, GitHubSettings
from connectors.github.fake.app import REPOSITORY, TOKEN, FakeGitHub
from connectors.gitlab import GitLab, GitLabSettings
from connectors.gitlab.fake import app as gitlab
from connectors.gitlab.fake.records import PROJECT
from connectors.jira import Jira, JiraSettings
from connectors.jira.fake import app as jira
from connectors.linear import LinearIssues, LinearSettings
from connectors.linear.fake import app as linear
from connectors.redmine import Redmine, RedmineSettings
from connectors.redmine.fake.app import API_KEY, FakeRedmine
from connectors.roundup import Roundup, RoundupSettings
from connectors.roundup.fake import app as roundup
from connectors.servicenow import ServiceNowProblems, ServiceNowSettings
from connectors.servicenow.fake.app import PASSWORD, FakeServiceNow
from connectors.servicenow.fake.instance import BOT


def _make_jira() -> Made:
    return jira.FakeJira().app, {"closed": "Done"}


def _make_github() -> Made:
    return FakeGitHub().app, {"closed": "closed"}


def _make_gitlab() -> Made:
    return gitlab.FakeGitLab().app, {"closed": "closed"}


def _make_linear() -> Made:
    return linear.FakeLinear().app, {"closed": "Done"}


def _make_redmine() -> Made:
    return FakeRedmine().app, {"closed": "Closed"}


def _make_roundup() -> Made:
    return _at_its_origin(roundup.FakeRoundup().app), {"closed": "resolved"}


def _at_its_origin(app: ASGIApp) -> ASGIApp:
    """Roundup takes changes from its own address only, and this one is served at another."""

    async def moved(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [
            (name, roundup.ORIGIN.encode() if name == b"origin" else value)
            for name, value in scope["headers"]
        ]
        await app({**scope, "headers": headers}, receive, send)

    return moved


def _make_problems() -> Made:
    return FakeServiceNow().app, {"closed": "Closed"}


TRACKERS: tuple[World, ...] = (
    world(
        "jira",
        _make_jira,
        Jira,
        JiraSettings,
        lambda address, _: {
            "base_url": address,
            "edition": "cloud",
            "email": jira.EMAIL,
            "api_token": jira.TOKEN,
            "project": "SHOP",
            "comments_for": "Developers",
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "github",
        _make_github,
        GitHub,
        GitHubSettings,
        lambda address, _: {
            "base_url": address,
            "repository": REPOSITORY,
            "token": TOKEN,
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "gitlab",
        _make_gitlab,
        GitLab,
        GitLabSettings,
        lambda address, _: {
            "base_url": address,
            "project": PROJECT,
            "token": gitlab.TOKEN,
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "linear",
        _make_linear,
        LinearIssues,
        LinearSettings,
        lambda address, _: {
            "base_url": address,
            "team": "ENG",
            "api_key": linear.API_KEY,
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "redmine",
        _make_redmine,
        Redmine,
        RedmineSettings,
        lambda address, _: {
            "base_url": address,
            "api_key": API_KEY,
            "project": "shop",
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "roundup",
        _make_roundup,
        Roundup,
        RoundupSettings,
        lambda address, _: {
            "base_url": f"{address}/",
            "user": roundup.USER,
            "password": roundup.PASSWORD,
            "requests_per_minute": PLENTY,
        },
    ),
    world(
        "servicenow_problems",
        _make_problems,
        ServiceNowProblems,
        ServiceNowSettings,
        lambda address, _: {
            "base_url": address,
            "user": BOT,
            "password": PASSWORD,
            "serves": "engineers",
            "requests_per_minute": PLENTY,
        },
    ),
)
