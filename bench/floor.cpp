// The floor for bench.simulations: the nearest of many facilities for all nodes, by Dial's buckets, and nothing else.
// Times and owners alone: no parents, no ties by index, no repair. Compiled by bench/floor.py with g++ -O3.

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

extern "C" void nearest(int32_t nodes, const int32_t* indptr, const int32_t* links, int32_t many, const int32_t* at,
                        int32_t longest, int32_t shift, int32_t* time_ms, int32_t* owner) {
    std::fill(time_ms, time_ms + nodes, INT32_MAX);
    std::fill(owner, owner + nodes, -1);
    int32_t count = 1;
    while (count <= (longest >> shift) + 1) count <<= 1;
    std::vector<std::vector<std::pair<int32_t, int32_t>>> buckets(count);
    int64_t waiting = many;
    for (int32_t i = 0; i < many; i++) {
        time_ms[at[i]] = 0;
        owner[at[i]] = i;
        buckets[0].push_back({at[i], 0});
    }
    for (int32_t current = 0; waiting > 0; current++) {
        auto& bucket = buckets[current & (count - 1)];
        while (!bucket.empty()) {
            auto [node, time] = bucket.back();
            bucket.pop_back();
            waiting--;
            if (time != time_ms[node]) continue;
            for (int32_t k = indptr[node]; k < indptr[node + 1]; k++) {
                int32_t other = links[2 * k], cost = links[2 * k + 1];
                if (cost < 0 || time + cost >= time_ms[other]) continue;
                time_ms[other] = time + cost;
                owner[other] = owner[node];
                buckets[((time + cost) >> shift) & (count - 1)].push_back({other, time + cost});
                waiting++;
            }
        }
    }
}
