// What is counted and timed, by name. Knows when a number changes, not who reads it.

import Engine
import Metrics
import OpenAIAPI

/// The server's own metrics. Their names, and vLLM's for the same numbers, are listed in `docs/serving.md`.
final class ServerMetrics: Sendable {
    let registry = PrometheusRegistry()

    /// A histogram of seconds.
    enum Interval: String, CaseIterable {
        case firstToken = "monocle_time_to_first_token_seconds"
        case interToken = "monocle_inter_token_latency_seconds"
        case endToEnd = "monocle_request_seconds"
        case queue = "monocle_queue_seconds"
        case images = "monocle_image_decode_seconds"
        case vision = "monocle_vision_seconds"
        case prefill = "monocle_prefill_seconds"
        case decode = "monocle_decode_seconds"
    }

    enum Count: String, CaseIterable {
        case promptTokens = "monocle_prompt_tokens_total"
        case cachedTokens = "monocle_prompt_tokens_cached_total"
        case generatedTokens = "monocle_generation_tokens_total"
        case images = "monocle_images_total"
        case tiles = "monocle_tiles_total"
    }

    enum Level: String, CaseIterable {
        case running = "monocle_requests_running"
        case waiting = "monocle_requests_waiting"
        case inHouse = "monocle_requests_in_flight"
        case cacheUse = "monocle_kv_cache_usage_ratio"
        case pagesTotal = "monocle_kv_cache_pages"
        case pagesCached = "monocle_kv_cache_pages_reusable"
        case waitingTokens = "monocle_tokens_waiting"
        case imageCacheBytes = "monocle_image_cache_bytes"
    }

    init() {
        for count in Count.allCases { add(0, to: count) }
    }

    func observe(_ interval: Interval, _ seconds: Double) {
        Recorder(label: interval.rawValue, dimensions: [], aggregate: true, factory: registry).record(seconds)
    }

    func add(_ amount: Int, to count: Count) {
        Counter(label: count.rawValue, dimensions: [], factory: registry).increment(by: amount)
    }

    func set(_ level: Level, _ value: Double) {
        Recorder(label: level.rawValue, dimensions: [], aggregate: false, factory: registry).record(value)
    }

    /// A request that was answered, by route template and status.
    func answered(route: String, status: Int, seconds: Double) {
        Counter(
            label: "monocle_http_requests_total", dimensions: [("route", route), ("status", "\(status)")],
            factory: registry
        ).increment()
        Recorder(
            label: "monocle_http_request_seconds", dimensions: [("route", route)], aggregate: true, factory: registry
        ).record(seconds)
    }

    /// Totals that the engine counts itself.
    func update(_ statistics: EngineStatistics) {
        set(.pagesTotal, Double(statistics.pagesTotal))
        // An information gauge: routers read its labels, and know them under vLLM's names.
        let cache = [
            ("block_size", "\(EngineStatistics.pageTokens)"), ("num_gpu_blocks", "\(statistics.pagesTotal)"),
        ]
        Recorder(label: "monocle_kv_cache_info", dimensions: cache, aggregate: false, factory: registry).record(1)
        set(.pagesCached, Double(statistics.pagesCached))
        set(.waitingTokens, Double(statistics.waitingTokens))
        set(.imageCacheBytes, Double(statistics.imageCacheBytes))
        registry.total("monocle_preemptions_total", [], statistics.totals.preemptions)
        registry.total("monocle_prefix_cache_queries_total", [], statistics.totals.prefixQueries)
        registry.total("monocle_prefix_cache_hits_total", [], statistics.totals.prefixHits)
        registry.total("monocle_image_cache_queries_total", [], statistics.totals.imageQueries)
        registry.total("monocle_image_cache_hits_total", [], statistics.totals.imageHits)
        registry.total("monocle_drafted_tokens_total", [], statistics.totals.drafted)
        registry.total("monocle_accepted_tokens_total", [], statistics.totals.accepted)
        registry.total("monocle_requests_cancelled_total", [], statistics.cancelled)
        registry.total("monocle_engine_inconsistencies_total", [], statistics.inconsistencies)
        for (reason, count) in statistics.failed {
            registry.total("monocle_engine_failures_total", [("reason", reason)], count)
        }
    }

    func finished(reason: String) {
        Counter(
            label: "monocle_requests_finished_total", dimensions: [("finished_reason", reason)], factory: registry
        ).increment()
    }

    func refused(_ error: APIError) {
        Counter(label: "monocle_requests_refused_total", dimensions: [("reason", error.code)], factory: registry)
            .increment()
    }

    /// vLLM's names of the same numbers, for routers and dashboards that look for them.
    static let vllmNames: [String: String] = [
        Level.running.rawValue: "vllm:num_requests_running",
        Level.waiting.rawValue: "vllm:num_requests_waiting",
        Level.cacheUse.rawValue: "vllm:kv_cache_usage_perc",
        "monocle_kv_cache_info": "vllm:cache_config_info",
        Interval.firstToken.rawValue: "vllm:time_to_first_token_seconds",
        Interval.interToken.rawValue: "vllm:inter_token_latency_seconds",
        Interval.endToEnd.rawValue: "vllm:e2e_request_latency_seconds",
        Interval.queue.rawValue: "vllm:request_queue_time_seconds",
        Interval.prefill.rawValue: "vllm:request_prefill_time_seconds",
        Interval.decode.rawValue: "vllm:request_decode_time_seconds",
        Count.promptTokens.rawValue: "vllm:prompt_tokens_total",
        Count.cachedTokens.rawValue: "vllm:prompt_tokens_cached_total",
        Count.generatedTokens.rawValue: "vllm:generation_tokens_total",
        "monocle_requests_finished_total": "vllm:request_success_total",
        "monocle_prefix_cache_queries_total": "vllm:prefix_cache_queries_total",
        "monocle_prefix_cache_hits_total": "vllm:prefix_cache_hits_total",
        "monocle_image_cache_queries_total": "vllm:mm_cache_queries_total",
        "monocle_image_cache_hits_total": "vllm:mm_cache_hits_total",
        "monocle_drafted_tokens_total": "vllm:spec_decode_num_draft_tokens_total",
        "monocle_accepted_tokens_total": "vllm:spec_decode_num_accepted_tokens_total",
        "monocle_preemptions_total": "vllm:num_preemptions_total",
        "monocle_requests_refused_total": "vllm:admission_rejections_total",
    ]
}
