"""A hub for one test: ports, folder, services and people come from the JSON file that HUB_UNDER_TEST names."""

import json
import os
import sys
from pathlib import Path

import jupyterhub

HUB_MAJOR = int(jupyterhub.__version__.split('.')[0])
HERE = Path(__file__).parent

hub = json.loads(Path(os.environ['HUB_UNDER_TEST']).read_text())
folder = Path(hub['folder'])

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = f'http://127.0.0.1:{hub["publicPort"]}{hub["baseUrl"]}'
c.JupyterHub.subdomain_host = hub['subdomainHost']
c.JupyterHub.hub_bind_url = f'http://127.0.0.1:{hub["hubPort"]}'
c.JupyterHub.db_url = f'sqlite:///{folder}/jupyterhub.sqlite'
c.JupyterHub.cookie_secret_file = str(folder / 'cookie_secret')
c.JupyterHub.internal_ssl = hub['internalSsl']
c.JupyterHub.internal_certs_location = str(folder / 'internal-ssl')
# Notebook servers outlive the hub, as they do where they are machines or containers of their own.
c.JupyterHub.cleanup_servers = False

c.ConfigurableHTTPProxy.api_url = f'http{"s" if hub["internalSsl"] else ""}://127.0.0.1:{hub["proxyApiPort"]}'
c.ConfigurableHTTPProxy.auth_token = hub['proxyToken']
c.ConfigurableHTTPProxy.command = hub['proxyCommand']
c.ConfigurableHTTPProxy.pid_file = str(folder / 'proxy.pid')
c.ConfigurableHTTPProxy.should_start = not hub['proxyIsSeparate']

# Anybody with any password.
c.JupyterHub.authenticator_class = 'dummy'
if HUB_MAJOR >= 5:
    c.Authenticator.allow_all = True
c.Authenticator.admin_users = set(hub['hubAdmins'])

c.JupyterHub.spawner_class = 'simple'
c.SimpleLocalProcessSpawner.home_dir_template = str(folder / 'home-{username}')
c.Spawner.cmd = [sys.executable, str(HERE / 'stub_notebook_server.py')]
c.Spawner.environment = {'STUB_NOTES': str(folder / 'notebooks')}
c.Spawner.poll_interval = 5

if HUB_MAJOR >= 4:
    c.JupyterHub.load_groups = {name: {'users': users} for name, users in hub['groups'].items()}
else:
    c.JupyterHub.load_groups = hub['groups']

c.JupyterHub.services = hub['services']
c.JupyterHub.load_roles = hub['roles']

# What an admin of the hub is told to add, so that people may log in to ngshare and strict mode lets notebooks in.
if hub['people'] == 'may use ngshare':
    use_ngshare = ['access:services!service=ngshare']
    others = hub['otherScopes']

    # (a) people may use ngshare
    if HUB_MAJOR >= 6:
        c.JupyterHub.extra_user_scopes = {*use_ngshare, *others}
    else:
        c.JupyterHub.load_roles.append({'name': 'user', 'scopes': ['self', *use_ngshare, *others]})

    # (b) their notebook servers may, too
    if HUB_MAJOR >= 4:
        c.Spawner.server_token_scopes = ['users:activity!user', 'access:servers!server', *use_ngshare]
    else:
        c.JupyterHub.load_roles.append(
            {'name': 'server', 'scopes': ['users:activity!user', 'access:servers!user', *use_ngshare]}
        )
