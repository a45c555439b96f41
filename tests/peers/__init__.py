"""Peers of the firmware under test: real NTS servers (chronyd, NTPsec's ntpd,
unpacked below build/peers by fetch.sh), people in the middle, TLS servers
that misbehave, and what goes with them. Python's standard library only.

    pki      a private CA and server certificates, good and bad
    chronyd  NTS servers (and a client), on free ports or fixed ones; this
             Debian's, or trixie's 4.6.1, which has AEAD 30
    ntpsec   NTPsec's server; it needs netns, its ports are fixed
    netns    a network of one's own, with nothing but loopback
    middle   TCP gate that counts and can be shut; UDP proxy that tampers
    badtls   NTS-KE servers that break the rules
    dns      answers names for a guest behind slirp (port 53, so netns)
    packets  NTP extension fields; what a pcap holds
    mkcard   an SD card image, a test's own or the one of make card

Whatever is started here ends with the test: on leaving its context, at exit,
and, by PR_SET_PDEATHSIG, when the test is killed."""
