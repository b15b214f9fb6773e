/* SPDX-License-Identifier: MIT */
/*
 * The state table of a backend.  Who walks it is left to back/device.  Covered
 * by tests/unit/pvdrv/test_state.c.
 */
#include <xenbus/state.h>

#include <stddef.h>

#define S(name) XenbusState##name

static const struct back_step steps[] = {
    { S(Initialising), S(Unknown),      BACK_SETUP,      S(InitWait) },
    { S(Initialising), S(Initialising), BACK_SETUP,      S(InitWait) },
    { S(Initialising), S(Initialised),  BACK_SETUP,      S(InitWait) },
    { S(Initialising), S(Connected),    BACK_SETUP,      S(InitWait) },
    { S(InitWait),     S(Initialised),  BACK_CONNECT,    S(Connected) },
    { S(InitWait),     S(Connected),    BACK_CONNECT,    S(Connected) },
    { S(InitWait),     S(Closing),      BACK_NONE,       S(Closing) },
    { S(InitWait),     S(Closed),       BACK_NONE,       S(Closed) },
    { S(Connected),    S(Closing),      BACK_DISCONNECT, S(Closing) },
    { S(Connected),    S(Closed),       BACK_DISCONNECT, S(Closed) },
    { S(Connected),    S(Unknown),      BACK_DISCONNECT, S(Closed) },
    { S(Closing),      S(Closed),       BACK_NONE,       S(Closed) },
    { S(Closing),      S(Unknown),      BACK_NONE,       S(Closed) },
    { S(Closed),       S(Initialising), BACK_SETUP,      S(InitWait) },
    { S(Closed),       S(Initialised),  BACK_SETUP,      S(InitWait) },
};

const struct back_step *back_state_step(enum xenbus_state ours,
                                        enum xenbus_state theirs)
{
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].ours == ours && steps[i].theirs == theirs) {
            return &steps[i];
        }
    }
    return NULL;
}

const char *xenbus_state_name(enum xenbus_state state)
{
    static const char *const names[] = {
        [S(Unknown)] = "unknown", [S(Initialising)] = "initialising",
        [S(InitWait)] = "initwait", [S(Initialised)] = "initialised",
        [S(Connected)] = "connected", [S(Closing)] = "closing",
        [S(Closed)] = "closed", [S(Reconfiguring)] = "reconfiguring",
        [S(Reconfigured)] = "reconfigured",
    };

    return (size_t)state < sizeof(names) / sizeof(names[0])
           ? names[state] : "invalid";
}
