"""
To try JupyterHub and ngshare on one machine, without root: everybody's notebooks run in the account that started the
hub, and there is one password for all. Whoever knows it can be everyone, and can read everyone's files. Not for a
class.

JupyterHub 5.3 or newer has this authenticator. HUB_TRIAL_PASSWORD is the password, of at least 8 characters.
"""

import os

c = get_config()  # noqa: F821

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["HUB_TRIAL_PASSWORD"]
c.Authenticator.allowed_users = {"alice", "kevin", "lawrence"}

# Homes are folders here, not those of accounts.
c.JupyterHub.spawner_class = "simple"
homes = os.path.join(os.path.abspath(os.environ["HUB_DATA"]), "homes")
c.SimpleLocalProcessSpawner.home_dir_template = homes + "/{username}"
