#!/bin/sh
# Builds the S3 servers of the tests out of Go modules into .venv/s3; silent and quick when they are there already.
# `setup.sh minio` sees to this one only. Needs Go, as `go` or in /usr/local/go/bin. The module proxy's answers are
# checked against the sums below here, and everything that they need against the sums in the modules themselves.
set -eu
cd "$(dirname "$0")/../.."
PATH="$PATH:/usr/local/go/bin"

build() {
    name=$1 module=$2 version=$3 sum=$4 package=$5
    stamp=.venv/s3/$name.version
    wanted="$module@$version $sum"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x ".venv/s3/$name" ]; then
        return
    fi
    command -v go >/dev/null || { echo "Go is missing: it builds $name" >&2; exit 1; }
    mkdir -p .venv/s3
    got=$(GOFLAGS='' go mod download -json "$module@$version" | sed -n 's/.*"Sum": "\(.*\)".*/\1/p')
    [ "$got" = "$sum" ] || { echo "$module@$version has the sum $got instead of $sum" >&2; exit 1; }
    GOFLAGS='' GOBIN="$PWD/.venv/s3" go install -trimpath -ldflags '-s -w' "$package@$version"
    echo "$wanted" >"$stamp"
}

for server in ${*:-minio versitygw}; do
    case $server in
        minio)
            build minio github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c \
                h1:/qdoYujxF5MBLDMVLeiYJ/7fBa1HikX39Dvzb9Ji8pA= github.com/minio/minio ;;
        versitygw)
            build versitygw github.com/versity/versitygw v1.8.0 \
                h1:au+wI+aybno/STsQiSm35Uu6Q6iK5MWReQxgO6SEMFc= github.com/versity/versitygw/cmd/versitygw ;;
        *) echo "no such server: $server" >&2; exit 2 ;;
    esac
done
