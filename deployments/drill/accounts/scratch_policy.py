"""What the scratch installation of a drill on accounts goes by: the demo's policy with the team's own accounts in it.

Only tickets with the drill's mark are anybody's business: all others of the account are left alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from deployments.demo.policies import POLICY, merged
from deployments.drill.accounts.plan import DrillMarks
from deployments.drill.accounts.sandbox_file import SandboxFile
from deployments.drill.stories import DrillStory


def write_policy(path: Path, story: DrillStory, file: SandboxFile, marks: DrillMarks) -> None:
    """Write it."""
    base = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(policy_of(base, story, file, marks)), encoding="utf-8")


def policy_of(base: Any, story: DrillStory, file: SandboxFile, marks: DrillMarks) -> dict[str, Any]:
    """The policy as data: no chat, no action, no ladder; one helpdesk, one pager."""
    policy = merged(base, story.policy)
    is_one = len(story.services) == 1
    return policy | {
        "helpdesks": [file.helpdesk],
        "services": {
            name: {key: value for key, value in service.items() if key != "actions"}
            for name, service in policy["services"].items()
        },
        "teams": {
            name: {"title": team["title"], "pager": file.pager, "pager_target": file.pager_target}
            for name, team in policy["teams"].items()
        },
        "routing": [
            *(
                {"service": name, "all_keywords": [marks.tag] if is_one else [marks.tag, name]}
                for name in story.services
            ),
            {"ignore": True, "reason": "not of this drill", "connection": [file.helpdesk]},
        ],
    }
