/* SPDX-License-Identifier: MIT */
/*
 * The front of the network back end's tests: see net_front.h.
 */
#include "net_front.h"

struct ring_header *ring(struct front *f, uint32_t ref)
{
    return (struct ring_header *)fake_page(&f->port, ref);
}

uint8_t *slot(struct front *f, uint32_t ref, uint32_t i, uint32_t size)
{
    return fake_page(&f->port, ref) + 64 + (i & 255) * size;
}

int front_setup(void **state)
{
    const struct net_config c = { .tx_ref = TX_REF, .rx_ref = RX_REF };
    struct front *f = calloc(1, sizeof(*f));
    int pair[2];

    fake_port_init(&f->port);
    assert_int_equal(ring_nr_slots(4096, NET_TX_SLOT), 256);
    assert_int_equal(ring_nr_slots(4096, NET_RX_SLOT), 256);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
                                pair), 0);
    f->tap = pair[0];
    f->back_tap = pair[1];
    assert_int_equal(net_start(&f->net, &f->port, pair[1], &f->card, &c), 0);
    *state = f;
    return 0;
}

int front_teardown(void **state)
{
    struct front *f = *state;

    net_stop(&f->net);
    assert_int_equal(f->port.mapped, 0);
    fake_port_fini(&f->port);
    close(f->tap);
    close(f->back_tap);
    free(f);
    return 0;
}

void push(struct front *f, const void *request)
{
    memcpy(slot(f, TX_REF, f->tx_prod++, NET_TX_SLOT), request, NET_TX_SLOT);
    ring(f, TX_REF)->req_prod = f->tx_prod;
}

void push_tx(struct front *f, uint16_t id, uint32_t ref,
                    uint16_t offset, uint16_t size, uint16_t flags)
{
    struct netif_tx_request r = { .gref = ref, .offset = offset,
                                  .flags = flags, .id = id, .size = size };

    push(f, &r);
}

bool run(struct front *f)
{
    bool want;

    while (net_run(&f->net, true, &want)) {
    }
    return want;
}

int tx_status(struct front *f, uint16_t *id)
{
    struct netif_tx_response r;

    assert_int_not_equal(ring(f, TX_REF)->rsp_prod, f->tx_cons);
    memcpy(&r, slot(f, TX_REF, f->tx_cons++, NET_TX_SLOT), sizeof(r));
    *id = r.id;
    return r.status;
}

void make_frame(uint8_t *p, size_t len, uint8_t seed)
{
    size_t i;

    for (i = 0; i < len; i++) {
        p[i] = (uint8_t)(seed + i * 7);
    }
}

/* An IPv4 TCP frame of @len bytes. */
void make_tcp(uint8_t *p, size_t len)
{
    make_frame(p, len, 1);
    p[12] = 0x08;
    p[13] = 0x00;
    p[14] = 0x45;
    p[14 + 9] = 6;
    p[14 + 20 + 12] = 0x50;
}

void offer_buffers(struct front *f, unsigned int nr)
{
    unsigned int i;

    for (i = 0; i < nr; i++) {
        struct netif_rx_request r = { .id = (uint16_t)f->rx_prod,
                                      .gref = DATA_REF + f->rx_prod % 64 };

        memcpy(slot(f, RX_REF, f->rx_prod++, NET_RX_SLOT), &r, sizeof(r));
    }
    ring(f, RX_REF)->req_prod = f->rx_prod;
}
