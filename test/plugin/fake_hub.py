"""What a service sees of a JupyterHub: whose a token is. The token of ada is `token-of-ada`."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PREFIX = 'token-of-'


def token_of(name):
    return _PREFIX + name


class FakeHub:
    def __init__(self):
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        self._server.daemon_threads = True
        self.api_url = f'http://127.0.0.1:{self._server.server_port}/hub/api'
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def settings(self, port):
        """The environment of a service that this hub runs."""
        return {
            'JUPYTERHUB_API_URL': self.api_url,
            'JUPYTERHUB_API_TOKEN': 'token-of-the-service-itself',
            'JUPYTERHUB_CLIENT_ID': 'service-ngshare',
            'JUPYTERHUB_SERVICE_NAME': 'ngshare',
            'JUPYTERHUB_SERVICE_PREFIX': '/services/ngshare/',
            'JUPYTERHUB_SERVICE_URL': f'http://127.0.0.1:{port}',
        }

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def do_GET(self):
        scheme, _, token = self.headers.get('Authorization', '').partition(' ')
        if self.path.split('?')[0] != '/hub/api/user':
            return self._answer(404, {'status': 404, 'message': 'Not Found'})
        if scheme != 'token' or not token.startswith(_PREFIX):
            return self._answer(403, {'status': 403, 'message': 'Missing or invalid credentials.'})
        name = token.removeprefix(_PREFIX)
        scopes = [
            f'access:servers!server={name}/',
            f'read:users:name!user={name}',
            f'users:activity!user={name}',
        ]
        self._answer(
            200,
            {
                'kind': 'user',
                'name': name,
                'admin': False,
                'groups': [],
                'session_id': None,
                'scopes': scopes,
            },
        )

    def _answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
