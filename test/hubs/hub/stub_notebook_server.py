"""Stands in for a notebook server: writes down the token and pid that the hub gave it, and answers every request."""

import json
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

# Should a test run be killed, nothing of it stays.
LONGEST_LIFE_S = 600


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


environment = os.environ
url = urlsplit(environment['JUPYTERHUB_SERVICE_URL'])
server = ThreadingHTTPServer(('127.0.0.1', url.port), Answer)
if url.scheme == 'https':
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(environment['JUPYTERHUB_SSL_CERTFILE'], environment['JUPYTERHUB_SSL_KEYFILE'])
    server.socket = context.wrap_socket(server.socket, server_side=True)

notes = Path(environment['STUB_NOTES'])
notes.mkdir(exist_ok=True)
note = notes / f'{environment["JUPYTERHUB_USER"]}.json'
draft = note.with_suffix('.draft')
draft.write_text(json.dumps({'token': environment['JUPYTERHUB_API_TOKEN'], 'pid': os.getpid()}))
draft.rename(note)

end = threading.Timer(LONGEST_LIFE_S, os._exit, [0])
end.daemon = True
end.start()
server.serve_forever()
