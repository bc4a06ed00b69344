/*
 * The engine alone, without GStreamer: labels of a picture.
 *
 *   app-engine PICTURE.ppm [MODEL]                      binary PPM (P6)
 *   app-engine FRAME FORMAT WIDTH HEIGHT [MODEL]        raw bytes without padding: RGB, BGR, RGBA, GRAY8...
 *
 * Build: cc app-engine.c $(pkg-config --cflags --libs mnet)
 */
#include <nn/mnet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
fail (const char *what, const char *why)
{
  fprintf (stderr, "%s: %s\n", what, why);
  return 1;
}

/* Bytes of a pixel where a picture has one plane; 0 for others, which need a pointer and a stride a plane. */
static int
pixel_bytes (MnetPixelFormat format)
{
  if (format == MNET_PIXEL_FORMAT_GRAY8)
    return 1;
  if (format == MNET_PIXEL_FORMAT_YUY2 || format == MNET_PIXEL_FORMAT_UYVY)
    return 2;
  if (format == MNET_PIXEL_FORMAT_RGB || format == MNET_PIXEL_FORMAT_BGR)
    return 3;
  if (format >= MNET_PIXEL_FORMAT_RGBA && format <= MNET_PIXEL_FORMAT_xBGR)
    return 4;
  return 0;
}

static int
classify (const MnetImage * image, const char *path)
{
  MnetModel *model = NULL;
  MnetSession *session = NULL;
  const MnetResult *result;
  MnetError error;
  int i, failed;

  failed = mnet_model_open (path, NULL, &model, &error)
      || mnet_session_open (model, NULL, &session, &error)
      || mnet_session_run_image (session, image, &result, &error);
  for (i = 0; !failed && i < result->n_classes; i++)
    printf ("%.2f %s\n", result->classes[i].probability,
        result->classes[i].label);
  if (failed)
    fprintf (stderr, "%s\n", error.message);
  mnet_session_close (&session);
  mnet_model_unref (&model);
  return failed;
}

int
main (int argc, char **argv)
{
  int raw = argc >= 5, most, status;
  MnetImage image = {.format = MNET_PIXEL_FORMAT_RGB };
  unsigned char *pixels;
  FILE *file;

  if (argc < 2)
    return fail (argv[0], "PICTURE.ppm, or FRAME FORMAT WIDTH HEIGHT");
  file = fopen (argv[1], "rb");
  if (!file)
    return fail (argv[1], "can't be opened");
  if (raw) {
    image.format = mnet_pixel_format_from_name (argv[2]);
    image.width = atoi (argv[3]);
    image.height = atoi (argv[4]);
  } else if (fscanf (file, "P6 %d %d %d", &image.width, &image.height,
          &most) != 3 || most != 255 || fgetc (file) == EOF) {
    fclose (file);
    return fail (argv[1], "not a binary PPM of 8 bits");
  }
  if (pixel_bytes (image.format) == 0 || image.width < 1 || image.height < 1
      || image.width > 8192 || image.height > 8192) {
    fclose (file);
    return fail (argv[1], "a format of one plane, and a size from 1x1 to "
        "8192x8192 are needed");
  }
  image.strides[0] = (ptrdiff_t) image.width * pixel_bytes (image.format);
  pixels = calloc ((size_t) image.height, (size_t) image.strides[0]);
  image.planes[0] = pixels;
  if (!pixels || fread (pixels, (size_t) image.strides[0],
          (size_t) image.height, file) != (size_t) image.height)
    status = fail (argv[1], "is too short");
  else
    status = classify (&image, argc > (raw ? 5 : 2) ? argv[raw ? 5 : 2] : NULL);
  free (pixels);
  fclose (file);
  return status;
}
