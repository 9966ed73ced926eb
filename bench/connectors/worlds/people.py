"""What wakes engineers and where they talk: the pager and the chats."""

from __future__ import annotations

from bench.connectors.worlds.world import PLENTY, SECRETS, Made, World, world
from connectors.matrix import Matrix, MatrixSettings
from connectors.matrix.fake import app as matrix
from connectors.mattermost import Mattermost, MattermostSettings
from connectors.mattermost.fake import app as mattermost
from connectors.pagerduty import PagerDuty, PagerDutySettings
from connectors.pagerduty.fake import app as pagerduty
from connectors.slack import Slack, SlackSettings
from connectors.slack.fake import app as slack

MOST_OF_MATRIX = 6000


def _make_pagerduty() -> Made:
    return pagerduty.FakePagerDuty(events_a_minute=PLENTY, requests_a_minute=PLENTY).app, {}


def _make_slack() -> Made:
    return slack.FakeSlack(posts_per_second=PLENTY, burst=PLENTY).app, {}


def _make_matrix() -> Made:
    return matrix.FakeMatrix().app, {}


def _make_mattermost() -> Made:
    return mattermost.FakeMattermost().app, {}


PEOPLE: tuple[World, ...] = (
    world(
        "pagerduty",
        _make_pagerduty,
        PagerDuty,
        PagerDutySettings,
        lambda address, _: {
            "api_url": address,
            "events_url": address,
            "api_token": pagerduty.API_TOKEN,
            "from_email": pagerduty.FROM_EMAIL,
            "routing_key": pagerduty.ROUTING_KEY,
            "signing_secrets": [pagerduty.SIGNING_SECRET],
        },
        most_rounds=30,
    ),
    world(
        "slack",
        _make_slack,
        Slack,
        SlackSettings,
        lambda address, _: {
            "base_url": address,
            "bot_token": slack.TOKEN,
            "signing_secrets": [slack.SIGNING_SECRET],
        },
    ),
    world(
        "matrix",
        _make_matrix,
        Matrix,
        MatrixSettings,
        lambda address, _: {
            "base_url": address,
            "user_id": matrix.BOT,
            "access_token": matrix.TOKEN,
            "device_id": matrix.DEVICE,
            "invite": [matrix.ANNA],
            "messages_per_minute": MOST_OF_MATRIX,
        },
        # Ten calls in a tenth of a second.
        rest=0.11,
    ),
    world(
        "mattermost",
        _make_mattermost,
        Mattermost,
        MattermostSettings,
        lambda address, _: {
            "base_url": address,
            "bot_token": mattermost.TOKEN,
            "team": "engineering",
            "signing_secrets": SECRETS,
            "callback_url": "https://liaison.example/hooks/mattermost/bench",
            "requests_per_second": PLENTY,
        },
    ),
)
