"""Debian's Redmine on a copy of its database; nothing of the system is touched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deployments.machine.processes import free_port
from tests.real.programs import debian_program, missing

HOST = "127.0.0.1"
HOME = Path("/usr/share/redmine")
DATABASE = Path("/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default")
READY_SECONDS = 90
_SEED = """
Setting.rest_api_enabled = '1'
Setting.default_users_hide_mail = '0'
def status(name, is_closed) = IssueStatus.find_or_create_by!(name: name) { |s| s.is_closed = is_closed }
statuses = ['New', 'In Progress', 'Resolved', 'Feedback'].map { |name| status(name, false) }
statuses += ['Closed', 'Rejected'].map { |name| status(name, true) }
status('Unreachable', false)
bug = Tracker.find_or_create_by!(name: 'Bug') { |t| t.default_status = statuses.first }
locked = Tracker.find_or_create_by!(name: 'Locked') { |t| t.default_status = statuses.first }
IssuePriority.create!(name: 'Normal', is_default: true) unless IssuePriority.any?
shop = Project.create!(name: 'Shop', identifier: 'shop', is_public: true, trackers: [bug, locked],
                       enabled_module_names: ['issue_tracking'])
other = Project.create!(name: 'Elsewhere', identifier: 'elsewhere', is_public: true, trackers: [bug, locked],
                        enabled_module_names: ['issue_tracking'])
['Tags', 'Customer e-mail', 'Customer name'].each do |name|
  IssueCustomField.create!(name: name, field_format: 'string', is_for_all: true, trackers: [bug, locked],
                           visible: true, editable: true)
end
Role.non_member.update!(permissions: [:view_issues, :add_issues, :add_issue_notes])
Role.anonymous.update!(permissions: [:view_issues])
rights = [:view_issues, :add_issues, :edit_issues, :add_issue_notes, :edit_own_issue_notes, :view_private_notes,
          :set_notes_private, :view_issue_watchers]
people = { 'liaison' => rights, 'poor' => rights - [:set_notes_private],
           'engineer' => rights + [:delete_issues, :add_issue_watchers] }
people.each do |login, permissions|
  role = Role.create!(name: "Role of #{login}", permissions: permissions)
  statuses.permutation(2).each do |from, to|
    WorkflowTransition.create!(role: role, tracker: bug, old_status: from, new_status: to)
  end
  role.set_permission_trackers(:edit_issues, [bug.id]).set_permission_trackers(:add_issue_notes, [bug.id]).save!
  user = User.new(firstname: login, lastname: 'Bot', mail: "#{login}@desk.example")
  user.login = login
  user.password = 'a-long-password'
  user.save!
  Member.create!(project: shop, principal: user, roles: [role])
  puts "KEY #{login} #{user.api_key}"
end
root = User.active.where(admin: true).first
root.update!(must_change_passwd: false)
puts "KEY root #{root.api_key}"
"""
# Redmine's clock, as far ahead as a file says, so that hours can pass.
_CLOCK = """
class Time
  class << self
    alias_method :here, :now
    def now(**zone) = here(**zone) + File.read(ENV.fetch('REDMINE_IS_AHEAD')).to_f
  end
end
"""


@dataclass(frozen=True)
class RealRedmine:
    """A running Redmine. `keys` are those of `liaison`, of `poor` (who may make no private note), of `engineer` and of
    `root`, who may act for everybody."""

    url: str
    keys: dict[str, str]
    ahead: Path

    def let_time_pass(self, seconds: float) -> None:
        """Set its clock so many seconds further ahead of ours."""
        ahead = self.ahead.with_suffix(".new")
        ahead.write_text(str(self.seconds_ahead + seconds))
        ahead.replace(self.ahead)

    @property
    def seconds_ahead(self) -> float:
        """How far its clock is ahead of ours."""
        return float(self.ahead.read_text())

    def call(
        self, method: str, path: str, json: object = None, *, by: str | None = "engineer", as_login: str = ""
    ) -> httpx.Response:
        headers = {} if by is None else {"X-Redmine-API-Key": self.keys.get(by, by)}
        if as_login:
            headers |= {"X-Redmine-API-Key": self.keys["root"], "X-Redmine-Switch-User": as_login}
        return httpx.request(
            method, f"{self.url}/{path}", json=json, headers=headers, timeout=30, trust_env=False
        )


@contextmanager
def real_redmine(home: Path) -> Iterator[RealRedmine]:
    """Redmine until the end of the block."""
    if not DATABASE.exists() or not (HOME / "config.ru").exists():
        missing("redmine with redmine-sqlite")
    puma, bundle = debian_program("puma"), debian_program("bundle")
    port, seed = free_port(0), home / "seed.rb"
    shutil.copy(DATABASE, home / "db.sqlite3")
    seed.write_text(_SEED)
    env = {
        **os.environ,
        "DATABASE_URL": f"sqlite3:{home / 'db.sqlite3'}",
        "RAILS_ENV": "production",
        "RACK_ENV": "production",
    }
    seeded = subprocess.run(  # noqa: S603  Debian's own program
        [bundle, "exec", "rails", "runner", seed],
        cwd=HOME,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert seeded.returncode == 0, seeded.stderr[:2_000]
    words = [line.split() for line in seeded.stdout.splitlines() if line.startswith("KEY ")]
    keys = {login: key for _, login, key in words}
    (home / "clock.rb").write_text(_CLOCK)
    (home / "ahead").write_text("0")
    env |= {"RUBYOPT": f"-r{home / 'clock.rb'}", "REDMINE_IS_AHEAD": str(home / "ahead")}
    log = (home / "redmine.log").open("wb")
    server = subprocess.Popen(  # noqa: S603
        [puma, "-b", f"tcp://{HOST}:{port}", "-e", "production", "-t", "2:4", "config.ru"],
        cwd=HOME,
        env=env,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    redmine = RealRedmine(f"http://{HOST}:{port}", keys, home / "ahead")
    try:
        _wait(redmine, server, home)
        yield redmine
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
        log.close()


def _wait(redmine: RealRedmine, server: subprocess.Popen[bytes], home: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, (home / "redmine.log").read_text()[-2_000:]
        try:
            if redmine.call("GET", "users/current.json").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"Redmine does not answer: {(home / 'redmine.log').read_text()[-2_000:]}")
