/* Pictures in a terminal: two rows of pixels a line of half blocks, or shades of text elsewhere. */
#include "tools/demo.h"

#include <stdio.h>
#include <string.h>

enum { GREY_LEVELS = 24, GREY_FIRST = 232, CUBE_FIRST = 16, CUBE_SIDE = 6 };

/* A pixel of an image [channels][height][width], each channel from 0 to 1. */
static double pixel(const sonic_picture *picture, size_t channel, size_t y, size_t x)
{
    double v = picture->x[(channel * picture->height + y) * picture->width + x];
    v = (v - picture->low) / (picture->high - picture->low);
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* The nearest of the terminal's 256 colours. */
static int colour(const sonic_picture *picture, size_t y, size_t x)
{
    if (y >= picture->height)
        return CUBE_FIRST;
    if (picture->channels == 3) {
        int code = 0;
        for (size_t c = 0; c < 3; c++)
            code = code * CUBE_SIDE + (int)(pixel(picture, c, y, x) * (CUBE_SIDE - 1) + 0.5);
        return CUBE_FIRST + code;
    }
    return GREY_FIRST + (int)(pixel(picture, 0, y, x) * (GREY_LEVELS - 1) + 0.5);
}

static void draw_line(const sonic_picture *picture, size_t y, bool tty)
{
    static const char shades[] = " .:-=+*#%@";
    for (size_t x = 0; x < picture->width; x++) {
        if (tty) {
            printf("\033[38;5;%d;48;5;%dm\u2580", colour(picture, y, x), colour(picture, y + 1, x));
        } else {
            double v = 0;
            for (size_t c = 0; c < picture->channels; c++)
                v += pixel(picture, c, y, x) / (double)picture->channels;
            putchar(shades[(size_t)(v * (double)(sizeof shades - 2) + 0.5)]);
        }
    }
    if (tty)
        printf("\033[0m");
}

void sonic_pictures_draw(const sonic_picture *picture, size_t n, bool tty)
{
    size_t height = 0;
    for (size_t i = 0; i < n; i++)
        height = picture[i].height > height ? picture[i].height : height;
    for (size_t y = 0; y < height; y += 2) {
        for (size_t i = 0; i < n; i++) {
            printf(i ? "  " : "");
            draw_line(&picture[i], y, tty);
        }
        putchar('\n');
    }
    for (size_t i = 0; i < n; i++)
        printf("%s%-*s", i ? "  " : "", (int)picture[i].width, picture[i].caption);
    printf("\n\n");
}
