/** Reads one file of a ZIP archive that lies at the end of other bytes, as TFLite keeps its label
 * files. */
#ifndef MNET_LOAD_ZIP_H
#define MNET_LOAD_ZIP_H

#include "nn/base/bytes.h"

typedef enum MnetZipEntry {
    MNET_ZIP_ABSENT = 0, /* no archive, no such file in it, or a broken archive */
    MNET_ZIP_STORED,     /* *content is a slice of `bytes` */
    MNET_ZIP_COMPRESSED  /* there, but compressed: not supported */
} MnetZipEntry;

MnetZipEntry mnet_zip_find(MnetBytes bytes, MnetBytes name, MnetBytes *content);

#endif
