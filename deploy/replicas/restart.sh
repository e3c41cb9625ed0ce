#!/bin/sh
# Restarts the replicas one after the other, after an upgrade or a change of settings; nobody notices. On the machine of nginx
# and the replicas, as root: restart.sh 10101 10102
#
# nginx does not ask /readyz, so it is told. A proxy that asks (HAProxy, Kubernetes) needs no more than
# --drain-delay-seconds, longer than the time between two of its questions.
set -eu
site=${NGSHARE_NGINX_SITE:-/etc/nginx/conf.d/ngshare.conf}

for port in "$@"; do
    sed -i "s/\(server 127.0.0.1:$port max_fails=0\);/\1 down;/" "$site"
    nginx -s reload
    sleep 2
    systemctl restart "ngshare@$port"
    tries=0
    until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz"; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || { echo "the replica at $port does not get ready: it is left out" >&2; exit 1; }
        sleep 1
    done
    sed -i "s/\(server 127.0.0.1:$port max_fails=0\) down;/\1;/" "$site"
    nginx -s reload
done
