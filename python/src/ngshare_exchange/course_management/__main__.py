"""`python -m ngshare_exchange.course_management`."""

from .command import main

main()
