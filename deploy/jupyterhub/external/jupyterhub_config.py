"""
A plain JupyterHub beside an ngshare that runs on its own, as ngshare.service does: the hub may then be restarted
without the exchange, and the exchange without the hub. For JupyterHub 3 to 6; docs/installation.md explains it.

    jupyterhub -f deploy/jupyterhub/external/jupyterhub_config.py

Who logs in and where notebooks run is yours to say, in a file of your own that HUB_SITE names and that is read last.
Without one this is JupyterHub's default: accounts of this machine, and a hub that runs as root.
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
# The secret that the hub shares with ngshare; the same that ngshare has as JUPYTERHUB_API_TOKEN.
NGSHARE_TOKEN_FILE = Path(setting("NGSHARE_TOKEN_FILE", "/etc/ngshare/hub-token"))
# Where the hub finds ngshare: JUPYTERHUB_SERVICE_URL in ngshare.env. On another machine, its name instead.
NGSHARE_AT = setting("NGSHARE_AT", "http://127.0.0.1:10101")
# Where browsers come in. Loopback, for a web server with TLS in front.
HUB_BIND_URL = setting("HUB_BIND_URL", "http://127.0.0.1:8000")
# For this machine alone. ngshare asks the hub at HUB_PORT; on another machine it asks at the public address.
HUB_PORT = setting("HUB_PORT", "8081")
PROXY_API_PORT = setting("PROXY_API_PORT", "8001")

# Says the hub's part of NGSHARE_HUB_GROUPS=yes in ngshare.env: ngshare may read the groups.
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
# Kept, so that a restart of the hub logs nobody out.
c.JupyterHub.cookie_secret = bytes.fromhex(secret("cookie-secret"))


# --- ngshare ---

c.JupyterHub.services.append(
    {
        "name": "ngshare",
        "url": NGSHARE_AT,
        "api_token": NGSHARE_TOKEN_FILE.read_text().strip(),
        # ngshare is part of this hub: people need not confirm that it may know who they are.
        "oauth_no_confirm": True,
    }
)

# nbgrader_config.py reads it in the notebook servers, which ask ngshare directly.
hub_path = urlsplit(HUB_BIND_URL).path.rstrip("/")
c.Spawner.environment.update({"NGSHARE_URL": f"{NGSHARE_AT}{hub_path}/services/ngshare"})


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
    # So rosters show members who have not come yet.
    c.JupyterHub.load_roles.append(
        {"name": "ngshare-roster", "services": ["ngshare"], "scopes": ["list:groups", "read:groups"]}
    )


# --- Yours ---

if os.environ.get("HUB_SITE"):
    load_subconfig(os.environ["HUB_SITE"])  # noqa: F821
