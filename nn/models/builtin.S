/* The files' bytes as they are. MODEL_FILE and LABELS_FILE are given by the build. */
        .section .rodata
        .balign 64
        .global mnet_builtin_model_begin
        .hidden mnet_builtin_model_begin
mnet_builtin_model_begin:
        .incbin MODEL_FILE
        .global mnet_builtin_model_end
        .hidden mnet_builtin_model_end
mnet_builtin_model_end:
        .balign 64
        .global mnet_builtin_labels_begin
        .hidden mnet_builtin_labels_begin
mnet_builtin_labels_begin:
        .incbin LABELS_FILE
        .global mnet_builtin_labels_end
        .hidden mnet_builtin_labels_end
mnet_builtin_labels_end:

        .section .note.GNU-stack, "", %progbits
