"""The tests, a package so that a script of any folder can say
`from tests.peers import pki`. One alone: python3 -m tests.host.test_leap."""
