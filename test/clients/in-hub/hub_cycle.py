"""
The stories of cycle.py once more, with every command run inside the notebook server of the person who gives it: real
hubs with the configurations of deploy/jupyterhub start jupyterhub-singleuser for each, and ngshare asks the hub who
somebody is.

    .venv/in-hub/bin/python test/clients/in-hub/hub_cycle.py      everything
    … --only managed                                              one part: managed, external or groups
"""

import argparse
import functools
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from checks import Report  # noqa: E402
from exchange_story import Classroom, story as exchange_story  # noqa: E402
from groups_story import GroupClass, story as groups_story  # noqa: E402
from hub_people import HubPerson  # noqa: E402
from hubs import ExternalHub, ManagedHub  # noqa: E402
from roster_story import Roster, story as roster_story  # noqa: E402
from server import Server  # noqa: E402


def main():
    options = parse_arguments()
    # Otherwise a cancelled CI job leaves hubs and the folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix='ngshare-in-hub-')).resolve()
    report = Report()
    try:
        for part in options.only or PARTS:
            PARTS[part](folder / part, report)
    finally:
        if options.keep:
            print(f'\nKept {folder}')
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return report.close()


def tell_managed(folder, report):
    """The exchange, run by the hub."""
    with running(lambda: ManagedHub(folder, 'managed/jupyterhub_config.py'), report) as hub:
        person = functools.partial(HubPerson, hub)
        server = Server(hub.exchange_url, send_token=True)
        report.tell(exchange_story, Classroom(hub.homes, server, 'math101', 'root', person))


def tell_external(folder, report):
    """The roster, with an ngshare of its own that insists on the access scope: do notebook servers have it?"""
    with running(
        lambda: ExternalHub(folder, 'external/jupyterhub_config.py', NGSHARE_TOKEN_CHECK='strict'), report
    ) as hub:
        person = functools.partial(HubPerson, hub)
        server = Server(hub.exchange_url, send_token=True)
        report.tell(roster_story, Roster(hub.homes, server, 'algebra', 'root', person))


def tell_groups(folder, report):
    """The managed configuration with its roles from groups switched on."""
    with running(
        lambda: ManagedHub(folder, 'managed/jupyterhub_config.py', ROLES_FROM_HUB_GROUPS='yes'), report
    ) as hub:
        person = functools.partial(HubPerson, hub)
        server = Server(hub.exchange_url, send_token=True)
        report.tell(groups_story, GroupClass(hub, server, person))


PARTS = {'managed': tell_managed, 'external': tell_external, 'groups': tell_groups}


@contextmanager
def running(start, report):
    hub = start()
    failed_before = report.failed
    try:
        yield hub
    finally:
        hub.stop()
        if report.failed > failed_before:
            print(f'\nThe end of the logs:\n{hub.end_of_log()}')


def parse_arguments():
    parser = argparse.ArgumentParser(description='The real nbgrader commands in the notebook servers of real hubs.')
    parser.add_argument('--only', action='append', choices=PARTS, help='run this part; may be repeated')
    parser.add_argument('--keep', action='store_true', help='keep the folder that everybody worked in')
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
