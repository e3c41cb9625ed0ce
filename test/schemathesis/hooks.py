"""What schemathesis is told about this server: who asks, and what was answered."""

import atexit
import hashlib
import json
import os
import re
from collections import Counter
from pathlib import Path

import schemathesis

PERSON = os.environ['NGSHARE_PERSON']
ANSWERS = Path(os.environ['NGSHARE_ANSWERS'])

answers = {}


@schemathesis.hook
def before_call(context, case, kwargs):
    # In stand-alone mode the argument `user` says who asks. The document does not tell of it.
    case.query = {**(case.query or {}), 'user': PERSON}
    # No document can say that one is the digest of the other.
    if case.operation.definition.raw.get('operationId') == 'uploadFile':
        name_by_digest(case)


def name_by_digest(case):
    content = getattr(case.body, 'data', case.body)
    if isinstance(content, bytes) and re.fullmatch('[0-9a-f]{64}', str(case.path_parameters.get('sha256'))):
        case.path_parameters['sha256'] = hashlib.sha256(content).hexdigest()


@schemathesis.hook
def after_call(context, case, response):
    answers.setdefault(case.operation.label, Counter())[str(response.status_code)] += 1


@schemathesis.hook
def filter_failure(context, failure, case, response):
    # People are added one by one, or that is only tried, and the answer tells what became of each: not all are there then.
    return not getattr(failure, 'created_with', '').endswith('/courses/{course}/members')


@atexit.register
def write():
    ANSWERS.write_text(json.dumps(answers))
