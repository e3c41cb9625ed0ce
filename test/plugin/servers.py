"""Servers that a hub runs: ngshare as a service, and the Python ngshare 0.6."""

import fake_hub

from server import REPOSITORY, OwnServer


class HubServer(OwnServer):
    """ngshare as a service of a hub: tokens tell who asks."""

    prefix = '/services/ngshare'

    def __init__(self, folder, **more):
        self.hub = fake_hub.FakeHub()
        super().__init__(folder, send_token=True, **more)

    def command(self, program):
        return [word for word in super().command(program) if word not in ('--vngshare', '--debug')]

    def environment(self):
        return self.hub.settings(self.port)

    def token_of(self, name):
        return fake_hub.token_of(name)

    def stop(self):
        super().stop()
        self.hub.stop()


class OldServer(HubServer):
    """ngshare 0.6."""

    ready_path = f'{HubServer.prefix}/healthz'

    def command(self, program):
        return [
            *(REPOSITORY / '.venv/ngshare06/bin/python', REPOSITORY / 'bench/peers/ngshare06.py'),
            *('--admins', 'root'),
            *('--database', f'sqlite:///{self.folder}/ngshare.db', '--storage', self.folder / 'files'),
        ]
