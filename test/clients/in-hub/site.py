"""
What the tests add to the hubs of deploy/jupyterhub, in the place that an admin has for it (HUB_SITE): anybody may log
in, everybody's notebooks run in this account, and a service may start them and use them.
"""

import os

c = get_config()  # noqa: F821

c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = os.environ["TEST_HOMES"] + "/{username}"
# A folder with what goes to /etc/jupyter: nothing outside the test's own folders may decide, or be changed.
c.Spawner.environment.update({"JUPYTER_CONFIG_PATH": os.environ["TEST_JUPYTER_CONFIG"]})
# As many as the test needs at once, on a machine that may be slow.
c.JupyterHub.concurrent_spawn_limit = 4
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
if os.geteuid() == 0:
    c.Spawner.args = ["--allow-root"]

c.JupyterHub.services.append({"name": "test-driver", "api_token": os.environ["TEST_DRIVER_TOKEN"]})
c.JupyterHub.load_roles.append(
    {
        "name": "test-driver",
        "services": ["test-driver"],
        "scopes": ["admin:users", "admin:servers", "access:servers", "admin:groups"],
    }
)
