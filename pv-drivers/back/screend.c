/* SPDX-License-Identifier: MIT */
/*
 * paravane-screend: frame buffer, keyboard and pointer of one virtual machine,
 * shown by VNC; usage in backd.c.  Exercised by the nested boots (screen).
 */
#include <back/backd.h>
#include <back/screen.h>
#include <back/screen_device.h>

int main(int argc, char **argv)
{
    static struct screen screen;
    static const struct device_class *const classes[] = {
        &fb_device_class, &input_device_class, NULL
    };

    return backd_run(argc, argv, classes, &screen);
}
