/* SPDX-License-Identifier: MIT */
/*
 * frontend/net.c - just enough of a network: replies to ARP for 10.77.h.l and
 * to ICMP echo, after checking every checksum.  ip=H*256+L on the command line.
 */
#include <domu/domu.h>

#include "frontend.h"

uint64_t net_echoes, net_bad;

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint16_t inet_sum(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;

    for (; n > 1; n -= 2, p += 2) {
        sum += be16(p);
    }
    sum += n > 0 ? (uint32_t)p[0] << 8 : 0;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void swap_ethernet(const struct net_front *n, uint8_t *f)
{
    memcpy(f, f + 6, 6);
    memcpy(f + 6, n->mac, 6);
}

static bool is_us(const uint8_t *ip)
{
    uint64_t host = domu_number("ip", 2);

    return ip[0] == 10 && ip[1] == 77 && ip[2] == (uint8_t)(host >> 8) &&
           ip[3] == (uint8_t)host;
}

static void answer_arp(struct net_front *n, uint8_t *f, size_t len)
{
    uint8_t ip[4];

    if (len < 42 || be16(f + 20) != 1 || !is_us(f + 38)) {
        return;
    }
    swap_ethernet(n, f);
    f[21] = 2;
    memcpy(ip, f + 38, 4);
    memcpy(f + 32, f + 22, 10);       /* target: who asked */
    memcpy(f + 22, n->mac, 6);
    memcpy(f + 28, ip, 4);
    net_front_send(n, f, 42);
}

static void answer_echo(struct net_front *n, uint8_t *f, size_t len)
{
    size_t total = be16(f + 16), head = (f[14] & 15u) * 4u;
    uint8_t ip[4];

    if (len < 42 || f[23] != 1 || !is_us(f + 30) || head < 20 ||
        total + 14 > len || total < head + 8 || f[14 + head] != 8) {
        return;
    }
    if (inet_sum(f + 14, head) != 0 ||
        inet_sum(f + 14 + head, total - head) != 0) {
        net_bad++;
        return;
    }
    swap_ethernet(n, f);
    memcpy(ip, f + 26, 4);
    memcpy(f + 26, f + 30, 4);
    memcpy(f + 30, ip, 4);
    f[14 + head] = 0;
    f[14 + head + 2] = f[14 + head + 3] = 0;
    {
        uint16_t sum = inet_sum(f + 14 + head, total - head);

        f[14 + head + 2] = (uint8_t)(sum >> 8);
        f[14 + head + 3] = (uint8_t)sum;
    }
    if (net_front_send(n, f, total + 14) == 0) {
        net_echoes++;
    }
}

bool net_answer(struct net_front *n)
{
    static uint8_t frame[2048];
    long len;

    while ((len = net_front_receive(n, frame, sizeof(frame))) > 0) {
        if (len >= 14 && be16(frame + 12) == 0x0806) {
            answer_arp(n, frame, (size_t)len);
        } else if (len >= 34 && be16(frame + 12) == 0x0800) {
            answer_echo(n, frame, (size_t)len);
        }
    }
    return len >= 0;
}
