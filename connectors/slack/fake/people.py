"""Who is in the fake Slack: users, groups of them, the app itself, the team.

https://docs.slack.dev/reference/methods/users.list, `.../usergroups.create`, `.../auth.test`, `.../team.info`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.slack.fake.arguments import No, is_yes, needed
from connectors.slack.fake.workspace import BOT, BOT_USER, TEAM, Method, Person, Workspace, page

APP = "A0LIAISON"


class People:
    """Upon one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._groups: dict[str, dict[str, Any]] = {}
        self._presence = "auto"

    def methods(self) -> Mapping[str, Method]:
        """By their names in the Web API."""
        return {
            "api.test": self._test,
            "auth.test": self._auth_test,
            "bots.info": self._bot,
            "team.info": self._team,
            "emoji.list": self._emoji,
            "users.list": self._list,
            "users.info": self._info,
            "users.lookupByEmail": self._by_email,
            "users.profile.get": self._profile,
            "users.getPresence": self._get_presence,
            "users.setPresence": self._set_presence,
            "dnd.info": self._dnd,
            "dnd.teamInfo": self._team_dnd,
            "usergroups.create": self._create_group,
            "usergroups.list": self._list_groups,
            "usergroups.update": self._update_group,
            "usergroups.disable": self._disable_group,
            "usergroups.enable": self._enable_group,
            "usergroups.users.list": self._members,
            "usergroups.users.update": self._set_members,
        }

    def _test(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments.get("error"):
            raise No(str(arguments["error"]))
        return {"args": arguments}

    def _auth_test(self, arguments: dict[str, Any]) -> dict[str, Any]:
        who = {"user": "liaison", "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": False}
        return {"url": self._workspace.url, "team": "Fake Inc", "team_id": TEAM, **who}

    def _bot(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments.get("bot") not in (None, "", BOT):
            raise No("bot_not_found")
        return {"bot": {"id": BOT, "app_id": APP, "user_id": BOT_USER, "name": "liaison", "deleted": False}}

    def _team(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"team": {"id": TEAM, "name": "Fake Inc", "domain": "fake", "url": self._workspace.url}}

    def _emoji(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"emoji": {}, "cache_ts": f"{self._workspace.now():.6f}"}

    # Users

    def _list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        people = [self._user(person) for person in self._workspace.people.values()]
        answer = page(arguments, "members", [*people, self._bot_user()], most=1000)
        return answer | {"cache_ts": int(self._workspace.now())}

    def _info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = needed(arguments, "user", "user_not_found")
        return {"user": self._bot_user() if user == BOT_USER else self._user(self._person(user))}

    def _by_email(self, arguments: dict[str, Any]) -> dict[str, Any]:
        email = needed(arguments, "email", "users_not_found").casefold()
        for person in self._workspace.people.values():
            if person.email.casefold() == email:
                return {"user": self._user(person)}
        raise No("users_not_found")

    def _profile(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = str(arguments.get("user") or BOT_USER)
        shown = self._bot_user() if user == BOT_USER else self._user(self._person(user))
        return {"profile": shown["profile"]}

    def _get_presence(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = str(arguments.get("user") or BOT_USER)
        if user != BOT_USER:
            self._person(user)
        is_away = user == BOT_USER and self._presence == "away"
        return {"presence": "away" if is_away else "active"}

    def _set_presence(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments.get("presence") not in ("auto", "away"):
            raise No("invalid_presence")
        self._presence = str(arguments["presence"])
        return {}

    def _dnd(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._person(str(arguments.get("user") or "U0ANNA"))
        return {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1, "snooze_enabled": False}

    def _team_dnd(self, arguments: dict[str, Any]) -> dict[str, Any]:
        users = needed(arguments, "users").split(",")
        return {"users": {user: self._dnd({"user": user}) for user in users}}

    def _person(self, user: str) -> Person:
        person = self._workspace.people.get(user)
        if person is None:
            raise No("user_not_found")
        return person

    def _user(self, person: Person) -> dict[str, Any]:
        name = person.name.capitalize()
        return {
            "id": person.id,
            "team_id": TEAM,
            "name": person.name,
            "real_name": name,
            "deleted": False,
            "is_bot": False,
            "is_app_user": False,
            "tz": "Etc/UTC",
            "tz_offset": 0,
            "profile": {"real_name": name, "display_name": person.name, "email": person.email, "team": TEAM},
        }

    def _bot_user(self) -> dict[str, Any]:
        profile = {"real_name": "Liaison", "display_name": "liaison", "bot_id": BOT, "api_app_id": APP}
        return {
            "id": BOT_USER,
            "team_id": TEAM,
            "name": "liaison",
            "is_bot": True,
            "deleted": False,
            "profile": profile,
        }

    # Groups of users

    def _create_group(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name = needed(arguments, "name", "missing_name")
        handle = str(arguments.get("handle") or name.lower().replace(" ", "-"))
        if any(handle == group["handle"] for group in self._groups.values()):
            raise No("handle_already_exists")
        group: dict[str, Any] = {
            "id": f"S0{self._workspace.next_number():06d}",
            "team_id": TEAM,
            "is_usergroup": True,
            "name": name,
            "handle": handle,
            "description": str(arguments.get("description") or ""),
            "date_delete": 0,
            "users": [],
            "user_count": 0,
        }
        self._groups[group["id"]] = group
        return {"usergroup": group}

    def _list_groups(self, arguments: dict[str, Any]) -> dict[str, Any]:
        with_users, with_disabled = (
            is_yes(arguments.get("include_users")),
            is_yes(arguments.get("include_disabled")),
        )
        found = [group for group in self._groups.values() if with_disabled or not group["date_delete"]]
        hidden = () if with_users else ("users",)
        return {"usergroups": [{key: group[key] for key in group if key not in hidden} for group in found]}

    def _update_group(self, arguments: dict[str, Any]) -> dict[str, Any]:
        group = self._group(arguments)
        group.update({key: arguments[key] for key in ("name", "handle", "description") if arguments.get(key)})
        return {"usergroup": group}

    def _disable_group(self, arguments: dict[str, Any]) -> dict[str, Any]:
        group = self._group(arguments)
        group["date_delete"] = int(self._workspace.now())
        return {"usergroup": group}

    def _enable_group(self, arguments: dict[str, Any]) -> dict[str, Any]:
        group = self._group(arguments)
        group["date_delete"] = 0
        return {"usergroup": group}

    def _members(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"users": self._group(arguments)["users"]}

    def _set_members(self, arguments: dict[str, Any]) -> dict[str, Any]:
        group, users = self._group(arguments), needed(arguments, "users", "no_users_provided").split(",")
        if not set(users) <= set(self._workspace.people):
            raise No("invalid_users")
        group.update(users=users, user_count=len(users))
        return {"usergroup": group}

    def _group(self, arguments: dict[str, Any]) -> dict[str, Any]:
        group = self._groups.get(needed(arguments, "usergroup", "no_such_subteam"))
        if group is None:
            raise No("no_such_subteam")
        return group
