"""The contract of the file-system calls (ngshare-http-api.md, 9.1), done by CPython itself.

Reads one JSON list [root, call, arguments] a line and answers each with one JSON line. With a user id as argument it
gives up being root first.
"""

import base64
import fnmatch
import glob
import json
import os
import shutil
import sys
import traceback


class Failed(Exception):
    pass


def last_line(error):
    return ''.join(traceback.format_exception_only(type(error), error)).rstrip('\n')


def path_of(root, args, name='pathname'):
    if name not in args:
        raise Failed('Please supply %s using HTTP GET' % name)
    if not args[name].startswith('/'):
        raise Failed('%s should be absolute' % name)
    return root + args[name]


def read(root, args):
    path = path_of(root, args)
    if not os.path.exists(path):
        raise Failed('File %r does not exist' % path)
    with open(path, 'rb') as file:
        return {'content': base64.encodebytes(file.read()).decode()}


def write(root, args):
    path = path_of(root, args)
    if 'content' not in args:
        raise Failed('Please supply content using HTTP GET')
    try:
        content = base64.decodebytes(args['content'].encode())
    except ValueError:
        raise Failed('Content cannot be base64 decoded')
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise Failed('Directory %r does not exist' % folder)
    with open(path, 'wb') as file:
        file.write(content)
    return {
        'length': len(content),
        'pathname': path,
        'message': 'Written %d bytes to %r' % (len(content), path),
    }


def ls(root, args):
    path = path_of(root, args)
    if not os.path.exists(path):
        raise Failed('pathname does not exist')
    if not os.path.isdir(path):
        raise Failed('pathname is not directory')
    return {'content': os.listdir(path)}


def mkdir(root, args):
    path = path_of(root, args)
    try:
        if args.get('parent') == '1':
            os.makedirs(path)
        else:
            os.mkdir(path)
    except OSError as error:
        raise Failed(error.strerror)
    return {}


def chmod(root, args):
    path = path_of(root, args)
    if not os.path.exists(path):
        raise Failed('pathname does not exist')
    try:
        mode = int(args['mode'])
    except ValueError:
        raise Failed('Please supply mode in integer using HTTP GET')
    try:
        os.chmod(path, mode)
    except OSError as error:
        raise Failed(error.strerror)
    return {}


def stat(root, args):
    path = path_of(root, args)
    if not os.path.exists(path):
        raise Failed('pathname does not exist')
    result = os.stat(path)
    return {
        'mode': result.st_mode,
        'uid': result.st_uid,
        'gid': result.st_gid,
        'size': result.st_size,
        'atime': result.st_atime,
        'mtime': result.st_mtime,
        'ctime': result.st_ctime,
    }


def glob_(root, args):
    path = path_of(root, args)
    try:
        return {'content': glob.glob(path)}
    except ValueError:  # a NUL: the contract says that this call never fails
        return {'content': []}


def walk(root, args):
    path = path_of(root, args)
    try:
        return {'content': [[folder[len(root):], folders, files] for folder, folders, files in os.walk(path)]}
    except ValueError:  # a NUL: nothing by that name can be there
        return {'content': []}


def ismount(root, args):
    path = path_of(root, args)
    # The root of a service is its root folder: the contract says that `/` is true.
    return {'ismount': os.path.ismount(path) or os.path.exists(path) and os.path.samefile(path, root)}


def question(name):
    return lambda root, args: {name: getattr(os.path, name)(path_of(root, args))}


def copy(root, args):
    shutil.copy(path_of(root, args, 'src'), path_of(root, args, 'dst'))
    return {}


def copytree(root, args):
    source, target = path_of(root, args, 'src'), path_of(root, args, 'dst')
    if os.path.exists(target):
        raise Failed('File exists')
    if not os.path.exists(source):
        raise Failed('No such file or directory')
    if 'ignore' in args:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*json.loads(args['ignore'])))
    else:
        shutil.copytree(source, target)
    return {}


def rmtree(root, args):
    path = path_of(root, args)
    if not os.path.exists(path):
        raise Failed('No such file or directory')
    shutil.rmtree(path)
    return {}


def each(function):
    """For plain functions: one result for each item, None for what is refused."""

    def call(root, items):
        results = []
        for item in items:
            try:
                results.append(function(*item))
            except ValueError:
                results.append(None)
        return {'results': results}

    return call


calls = {
    'read': read,
    'write': write,
    'ls': ls,
    'mkdir': mkdir,
    'chmod': chmod,
    'stat': stat,
    'glob': glob_,
    'walk': walk,
    'ismount': ismount,
    'copy': copy,
    'copytree': copytree,
    'rmtree': rmtree,
    'fnmatch': each(fnmatch.fnmatchcase),
    'repr': each(repr),
    'int': each(lambda text: str(int(text))),
    'base64': each(lambda text: base64.decodebytes(text.encode()).hex()),
    'fsdecode': each(lambda text: os.fsdecode(bytes.fromhex(text))),
}
for name in 'exists', 'isdir', 'isfile', 'islink':
    calls[name] = question(name)


def answer(root, call, args):
    try:
        return {'success': True, **calls[call](root, args)}
    except Failed as failure:
        return {'success': False, 'message': str(failure)}
    except PermissionError:
        return {'success': False, 'message': 'Permission Denied'}
    except Exception as error:
        return {'success': False, 'message': 'Exception: %r' % last_line(error)}


def main():
    if len(sys.argv) > 1:
        os.setgroups([])
        os.setgid(int(sys.argv[1]))
        os.setuid(int(sys.argv[1]))
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)


main()
