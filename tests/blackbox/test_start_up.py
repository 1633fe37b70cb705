"""What a tired person reads: help, settings that are wrong, databases and disks that do not fit. Each message
names the setting or the command that mends it.
"""
import subprocess

import pytest

from harness import BUILD

CONTROL, GATEWAY = BUILD / "control/doteb-control", BUILD / "gateway/doteb-gateway"
NOTHING = {"PATH": "/usr/bin:/bin"}


def run(*words, env=None, **more):
    return subprocess.run([*map(str, words)], env=env or NOTHING, capture_output=True, text=True, timeout=60, **more)


# ---------------------------------------------------------------- settings

@pytest.mark.parametrize("name,value,says", [
    ("DOTEB_DATABASE_URL", "db.example.com", "not a PostgreSQL URL (postgresql://user@host:port/name)"),
    ("DOTEB_CA_FILE", "/nowhere.pem", "cannot be read"),
    ("DOTEB_MASTER_KEY", "abc", "`openssl rand -hex 32` makes one"),
])
@pytest.mark.parametrize("words", [[CONTROL, "serve"], [GATEWAY]])
def test_a_setting_that_cannot_work_ends_the_start(installation, tmp_path, words, name, value, says):
    done = run(*words, env=installation.env | {"DOTEB_SPOOL_DIR": str(tmp_path), name: value})
    assert done.returncode in (1, 2) and name in done.stderr and says in done.stderr, done.stderr


def test_the_mail_servers_authority(installation):
    done = installation.command("serve", check=False, env={
        "DOTEB_SMTP_URL": "smtp://localhost", "DOTEB_SMTP_FROM": "a@b.c", "DOTEB_SMTP_CA_FILE": "/nowhere.pem"})
    assert done.returncode == 1 and "DOTEB_SMTP_CA_FILE: this file cannot be read" in done.stderr


@pytest.mark.parametrize("program", [CONTROL, GATEWAY])
def test_passwords_in_urls_are_not_shown(installation, program, tmp_path):
    env = installation.env | {"DOTEB_DATABASE_URL": "postgresql://me:hidden@localhost/x",
                              "DOTEB_SMTP_URL": "smtp://me:hidden@localhost", "DOTEB_SMTP_FROM": "a@b.c"}
    shown = run(program, "--print-config", env=env).stdout
    assert "DOTEB_DATABASE_URL=(set)\n" in shown and "hidden" not in shown


def test_the_databases_url_can_come_from_a_file(installation, tmp_path):
    path = tmp_path / "url"
    path.write_text(installation.env["DOTEB_DATABASE_URL"] + "\n")
    env = {k: v for k, v in installation.env.items() if k != "DOTEB_DATABASE_URL"}
    done = run(CONTROL, "key", "create", "--project", "Default", "--name", "x",
               env=env | {"DOTEB_DATABASE_URL_FILE": str(path)})
    assert done.returncode == 0 and done.stdout.startswith("sk-doteb-"), done.stderr


def test_a_setting_with_export_before_it_counts(installation, tmp_path):
    path = tmp_path / "control.conf"
    for line, says in (("export DOTEB_SIGNUP=no", "DOTEB_SIGNUP: give open, invite or closed"),
                       ("export DOTEB_SIGN_UP=no", "DOTEB_CONFIG, line 1: there is no setting DOTEB_SIGN_UP")):
        path.write_text(line + "\n")
        done = installation.command("--print-config", check=False, env={"DOTEB_CONFIG": str(path)})
        assert done.returncode == 1 and says in done.stderr
