"""The nbgrader exchange over HTTP: releases, submissions and feedback through ngshare."""
