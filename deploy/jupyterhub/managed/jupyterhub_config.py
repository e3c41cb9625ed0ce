"""
A plain JupyterHub that runs ngshare as a managed service: the hub starts it, watches it and stops it. For JupyterHub 3
to 6; docs/installation.md explains it step by step.

    jupyterhub -f deploy/jupyterhub/managed/jupyterhub_config.py

Who logs in and where notebooks run is yours to say, in a file of your own that HUB_SITE names and that is read last;
an example is ../trial/site.py. Without one this is JupyterHub's default: accounts of this machine, and a hub that runs
as root.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import jupyterhub

c = get_config()  # noqa: F821


# --- What is where. Each can be set as an environment variable instead. ---


def setting(name, default):
    return os.environ.get(name) or default


# All that the hub keeps: its database, the secrets, the file of the running proxy.
HUB_DATA = Path(setting("HUB_DATA", "/srv/jupyterhub"))
# All that ngshare keeps. This is what to back up: docs/operations.md.
NGSHARE_DATA = Path(setting("NGSHARE_DATA", "/srv/ngshare"))
# The folder of ngshare, after `npm ci`. This file lies in it; say it when you copy this file elsewhere.
NGSHARE_FOLDER = Path(setting("NGSHARE_FOLDER", Path(__file__).resolve().parents[3]))
# The account that ngshare runs as when the hub is root; NGSHARE_DATA belongs to it.
NGSHARE_ACCOUNT = setting("NGSHARE_ACCOUNT", "ngshare")
# Who may create courses: names of hub users, separated by commas.
NGSHARE_ADMINS = setting("NGSHARE_ADMINS", "")
# Where browsers come in. Loopback, for a web server with TLS in front.
HUB_BIND_URL = setting("HUB_BIND_URL", "http://127.0.0.1:8000")
# For this machine alone.
HUB_PORT = setting("HUB_PORT", "8081")
PROXY_API_PORT = setting("PROXY_API_PORT", "8001")
NGSHARE_PORT = setting("NGSHARE_PORT", "10101")

# Courses get their roles from groups of the hub, beside the rosters that instructors keep: members of formgrade-COURSE
# are instructors of COURSE, members of nbgrader-COURSE students.
ROLES_FROM_HUB_GROUPS = setting("ROLES_FROM_HUB_GROUPS", "no") == "yes"


# --- The hub ---


HUB_DATA.mkdir(mode=0o700, parents=True, exist_ok=True)


def secret(name):
    """Made at the first start, then kept. To have a new one, delete the file and start the hub again."""
    file = HUB_DATA / "secrets" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    if not file.exists():
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
    return file.read_text().strip()


c.JupyterHub.bind_url = HUB_BIND_URL
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{HUB_PORT}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{PROXY_API_PORT}"
c.ConfigurableHTTPProxy.pid_file = str(HUB_DATA / "jupyterhub-proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{HUB_DATA}/jupyterhub.sqlite"
# With these two kept, a restart of the hub logs nobody out.
c.JupyterHub.cookie_secret = bytes.fromhex(secret("cookie-secret"))
ngshare_token = os.environ.get("NGSHARE_API_TOKEN") or secret("ngshare-token")


# --- ngshare ---

ngshare = {
    "name": "ngshare",
    "url": f"http://127.0.0.1:{NGSHARE_PORT}",
    "api_token": ngshare_token,
    # ngshare is part of this hub: people need not confirm that it may know who they are.
    "oauth_no_confirm": True,
    "command": [
        str(NGSHARE_FOLDER / "bin" / "ngshare"),
        *("--host", "127.0.0.1"),
        *("--database", f"sqlite:///{NGSHARE_DATA}/ngshare.db"),
        *("--storage", f"{NGSHARE_DATA}/files"),
        f"--admins={NGSHARE_ADMINS}",
    ],
}
if os.geteuid() == 0:
    ngshare["user"] = NGSHARE_ACCOUNT
c.JupyterHub.services.append(ngshare)

# nbgrader_config.py reads it in the notebook servers. They ask ngshare directly, on this machine; servers elsewhere
# need an address that they can reach, such as the hub's public one.
hub_path = urlsplit(HUB_BIND_URL).path.rstrip("/")
c.Spawner.environment.update({"NGSHARE_URL": f"http://127.0.0.1:{NGSHARE_PORT}{hub_path}/services/ngshare"})


# --- Who may use ngshare ---

HUB_MAJOR = int(jupyterhub.__version__.split(".")[0])
USE_NGSHARE = "access:services!service=ngshare"

# People may: without this the hub stops them on the way to ngshare's pages.
if HUB_MAJOR >= 6:
    c.JupyterHub.extra_user_scopes = {USE_NGSHARE}
else:
    # This replaces the role `user`: what you gave it elsewhere belongs in here.
    c.JupyterHub.load_roles.append({"name": "user", "scopes": ["self", USE_NGSHARE]})

# Their notebook servers may, too: `--token-check strict` needs it. Running servers get it when they are started again.
if HUB_MAJOR >= 4:
    c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!server", USE_NGSHARE]
else:
    c.JupyterHub.load_roles.append(
        {"name": "server", "scopes": ["users:activity!user", "access:servers!user", USE_NGSHARE]}
    )

if ROLES_FROM_HUB_GROUPS:
    ngshare["command"].append("--hub-groups")
    # ngshare may read the groups, and so shows members in rosters who have not come yet.
    c.JupyterHub.load_roles.append(
        {"name": "ngshare-roster", "services": ["ngshare"], "scopes": ["list:groups", "read:groups"]}
    )
    # Groups are made on the hub's admin page, by the authenticator, or in HUB_SITE:
    # c.JupyterHub.load_groups = {
    #     "formgrade-course1": {"users": ["kevin"]},
    #     "nbgrader-course1": {"users": ["lawrence"]},
    # }


# --- Yours ---

if os.environ.get("HUB_SITE"):
    load_subconfig(os.environ["HUB_SITE"])  # noqa: F821
