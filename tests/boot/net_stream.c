/* SPDX-License-Identifier: MIT */
/*
 * net_stream: TCP data that is checked to the last byte, for the scenarios.
 * Both ends make the same pseudo-random bytes from a seed; whoever receives
 * compares every word and the sum of all goes back to whoever sent.
 *
 *   net_stream serve PORT COUNT       take COUNT connections, one by one
 *   net_stream send HOST PORT MIB     to a server
 *   net_stream recv HOST PORT MIB     from a server
 *   net_stream offloads INTERFACE     what the driver has switched on
 *
 * A transfer prints "STREAM send|recv BYTES SUM TICKS ok|WRONG".  TICKS are of
 * the time-stamp counter: under -icount, instructions of the whole machine.
 * Runs in dom0 and in the sample guest (tests/boot/dom0/net*.sh).
 */
#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define CHUNK 65536u
#define TRIES 300

struct ask {
    uint64_t bytes, seed;
    char what[8];                      /* what the client does: send, recv */
};

/* ---- the data ------------------------------------------------------------------- */

static uint64_t state;

static uint64_t next(void)             /* Marsaglia's xorshift64 */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t fill(uint64_t *buf, size_t words)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < words; i++) {
        buf[i] = next();
        sum += buf[i];
    }
    return sum;
}

/* ---- one transfer --------------------------------------------------------------- */

static bool all(int fd, void *buf, size_t len, bool out)
{
    char *p = buf;

    while (len > 0) {
        ssize_t n = out ? send(fd, p, len, MSG_NOSIGNAL) : recv(fd, p, len, 0);

        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* The peer's sum comes back; equal sums and lengths make it right. */
static bool give(int fd, const struct ask *a, uint64_t *sum)
{
    static uint64_t buf[CHUNK / 8];
    uint64_t theirs;

    *sum = 0;
    for (uint64_t done = 0; done < a->bytes; done += CHUNK) {
        *sum += fill(buf, CHUNK / 8);
        if (!all(fd, buf, CHUNK, true)) {
            return false;
        }
    }
    return all(fd, &theirs, sizeof(theirs), false) && theirs == *sum;
}

static bool take(int fd, const struct ask *a, uint64_t *sum)
{
    static uint64_t buf[CHUNK / 8];
    bool right = true;

    *sum = 0;
    for (uint64_t done = 0; done < a->bytes; done += CHUNK) {
        if (!all(fd, buf, CHUNK, false)) {
            return false;
        }
        for (size_t i = 0; i < CHUNK / 8; i++) {
            right &= buf[i] == next();
            *sum += buf[i];
        }
    }
    return all(fd, sum, sizeof(*sum), true) && right;
}

static bool transfer(int fd, const struct ask *a, bool out)
{
    uint64_t start = __rdtsc(), sum;
    bool right;

    state = a->seed;
    right = out ? give(fd, a, &sum) : take(fd, a, &sum);
    printf("STREAM %s %llu %016llx %llu %s\n", out ? "send" : "recv",
           (unsigned long long)a->bytes, (unsigned long long)sum,
           (unsigned long long)(__rdtsc() - start), right ? "ok" : "WRONG");
    fflush(stdout);
    return right;
}

/* ---- both ends ------------------------------------------------------------------- */

static int serve(uint16_t port, int count)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, wrong = 0;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(listener, 4) != 0) {
        perror("net_stream");
        return 1;
    }
    while (count-- > 0) {
        int fd = accept(listener, NULL, NULL);
        struct ask a;

        if (fd < 0 || !all(fd, &a, sizeof(a), false)) {
            wrong++;
        } else {
            wrong += !transfer(fd, &a, strcmp(a.what, "recv") == 0);
        }
        close(fd);
    }
    return wrong != 0;
}

static int dial(const char *host, uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    const struct timespec wait = { .tv_nsec = 200000000 };

    inet_pton(AF_INET, host, &to.sin_addr);
    for (int i = 0; i < TRIES; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
            return fd;
        }
        close(fd);
        nanosleep(&wait, NULL);
    }
    return -1;
}

static int client(const char *what, const char *host, uint16_t port,
                  uint64_t mib)
{
    struct ask a = { .bytes = mib << 20, .seed = __rdtsc() | 1 };
    int fd = dial(host, port);

    snprintf(a.what, sizeof(a.what), "%s", what);
    if (fd < 0 || !all(fd, &a, sizeof(a), true)) {
        printf("STREAM %s 0 no connection WRONG\n", what);
        return 1;
    }
    return !transfer(fd, &a, strcmp(what, "send") == 0);
}

/* ---- what the driver does --------------------------------------------------------- */

static unsigned int ethtool(int s, const char *name, uint32_t cmd)
{
    struct ethtool_value value = { .cmd = cmd };
    struct ifreq r = { .ifr_data = (char *)&value };

    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    return ioctl(s, SIOCETHTOOL, &r) == 0 ? value.data : 99;
}

static int offloads(const char *name)
{
    int s = socket(AF_INET, SOCK_DGRAM, 0);

    printf("csum %u sg %u tso %u gso %u gro %u\n",
           ethtool(s, name, ETHTOOL_GTXCSUM), ethtool(s, name, ETHTOOL_GSG),
           ethtool(s, name, ETHTOOL_GTSO), ethtool(s, name, ETHTOOL_GGSO),
           ethtool(s, name, ETHTOOL_GGRO));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "serve") == 0) {
        return serve((uint16_t)atoi(argv[2]), atoi(argv[3]));
    }
    if (argc == 3 && strcmp(argv[1], "offloads") == 0) {
        return offloads(argv[2]);
    }
    if (argc == 5 && (strcmp(argv[1], "send") == 0 ||
                      strcmp(argv[1], "recv") == 0)) {
        return client(argv[1], argv[2], (uint16_t)atoi(argv[3]),
                      strtoull(argv[4], NULL, 10));
    }
    fprintf(stderr, "usage: net_stream serve PORT COUNT | send|recv HOST PORT "
            "MIB | offloads INTERFACE\n");
    return 2;
}
