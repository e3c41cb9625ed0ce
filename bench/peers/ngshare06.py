"""Starts ngshare 0.6.0 in service mode on loopback; by itself it would listen on every interface."""

import sys

from tornado.httpserver import HTTPServer

listen = HTTPServer.listen
HTTPServer.listen = lambda server, port, _address: listen(server, port, '127.0.0.1')

from ngshare.ngshare import main  # noqa: E402  (after the patch)

main(sys.argv[1:])
