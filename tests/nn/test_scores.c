#include "nn/scores.h"

#include "tests/test.h"

#include <math.h>

static void test_softmax(void) {
    float scores[4] = {1, 2, 3, 4}, sum = 0;
    mnet_scores_softmax(scores, 4);
    for (int i = 0; i < 4; i++) {
        double want = exp(i + 1) / (exp(1) + exp(2) + exp(3) + exp(4));
        CHECK(fabs(scores[i] - want) < 1e-6, "%d: %g, not %g", i, scores[i], want);
        sum += scores[i];
    }
    CHECK(fabsf(sum - 1) < 1e-6f);
}

static void test_softmax_of_extremes(void) {
    float huge[3] = {3e38f, -3e38f, 3e38f};
    mnet_scores_softmax(huge, 3);
    CHECK(huge[0] == 0.5f && huge[1] == 0 && huge[2] == 0.5f);
    float infinite[3] = {INFINITY, 5, -INFINITY};
    mnet_scores_softmax(infinite, 3);
    CHECK(infinite[0] == 1 && infinite[1] == 0 && infinite[2] == 0);
    float nan[3] = {NAN, 0, 0};
    mnet_scores_softmax(nan, 3);
    CHECK(nan[0] == 0 && nan[1] == 0.5f && nan[2] == 0.5f);
    float nothing[2] = {NAN, -INFINITY};
    mnet_scores_softmax(nothing, 2);
    CHECK(nothing[0] == 0.5f && nothing[1] == 0.5f);
}

static void test_sigmoid_of_one(void) {
    static const float logits[] = {-1000, -2, 0, 2, 1000, NAN};
    static const double want[] = {0, 0.1192029, 0.5, 0.8807971, 1, 0};
    for (int i = 0; i < 6; i++) {
        float score = logits[i];
        mnet_scores_softmax(&score, 1);
        CHECK(fabs(score - want[i]) < 1e-6, "%g: %g", logits[i], score);
    }
}

static void check_top(const float *scores, int count, int k, const int *want) {
    MnetClass classes[8];
    mnet_scores_top(scores, count, classes, k);
    for (int i = 0; i < k; i++)
        CHECK(classes[i].index == want[i], "place %d of %d: %d, not %d", i, k, classes[i].index,
              want[i]);
}

static void test_top(void) {
    static const float scores[] = {0.1f, 0.3f, 0.05f, 0.3f, 0.2f, 0.05f};
    static const int order[] = {1, 3, 4, 0, 2, 5};
    for (int k = 1; k <= 6; k++)
        check_top(scores, 6, k, order);
    static const float equal[] = {0.25f, 0.25f, 0.25f, 0.25f};
    check_top(equal, 4, 3, (const int[]){0, 1, 2});
}

static void test_top_is_a_probability(void) {
    static const float scores[] = {-2, NAN, 3, 0.5f};
    MnetClass classes[4];
    mnet_scores_top(scores, 4, classes, 4);
    static const float want[] = {1, 0.5f, 0, 0};
    static const int order[] = {2, 3, 0, 1};
    for (int i = 0; i < 4; i++)
        CHECK(classes[i].index == order[i] && classes[i].probability == want[i], "place %d", i);
}

static void test_quantised(void) {
    static const int8_t values[4] = {-128, -1, 0, 127};
    static float scale[] = {0.5f};
    static int32_t zero_point[] = {-28};
    MnetTensor tensor = {.dtype = MNET_DTYPE_QS8, .rank = 2, .dims = {1, 4}};
    float scores[4];
    uint8_t raw[4];
    tensor.quant = (MnetQuant){.count = 1, .scale = scale, .zero_point = zero_point};
    mnet_scores_dequantize(&tensor, values, scores);
    CHECK(scores[0] == -50 && scores[1] == 13.5f && scores[2] == 14 && scores[3] == 77.5f);
    mnet_scores_raw(&tensor, values, MNET_DTYPE_QS8, raw);
    CHECK(!memcmp(raw, values, 4));
    mnet_scores_raw(&tensor, values, MNET_DTYPE_QU8, raw);
    CHECK(raw[0] == 0 && raw[1] == 127 && raw[2] == 128 && raw[3] == 255);
}

int main(void) {
    RUN(test_softmax);
    RUN(test_softmax_of_extremes);
    RUN(test_sigmoid_of_one);
    RUN(test_top);
    RUN(test_top_is_a_probability);
    RUN(test_quantised);
    return test_end();
}
