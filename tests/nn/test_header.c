/* The public header compiles alone, in strict C11 and (test_header.cpp) in C++, and links. */
#include "nn/mnet.h"

int main(void) {
    MnetModelOptions model_options = {0};
    MnetSessionOptions options = {0};
    MnetModel *model = NULL;
    MnetSession *session = NULL;
    MnetError error;
    if (mnet_model_open("builtin", &model_options, &model, &error) ||
        mnet_session_open(model, &options, &session, &error))
        return 1;
    mnet_session_close(&session);
    mnet_model_unref(&model);
    return 0;
}
