// SPDX-License-Identifier: Apache-2.0

/**
 * Saving a training run with its average, and going on with it.
 *
 * <p>{@link io.github.ema4j.dl4j.checkpoint.EmaCheckpoint} saves and restores, {@link
 * io.github.ema4j.dl4j.checkpoint.EmaCheckpointListener} saves at intervals.
 *
 * <h2>Format of a checkpoint</h2>
 *
 * <p>A zip, which Deeplearning4j loads as the raw network. Nothing in it is in Java serialization.
 * The state is an object of at most 16 MB, nested at most 16 deep, in which no name is unknown or
 * stands twice. Arrays are as {@code Nd4j.write} lays them out, big-endian, stored at compression
 * level 0.
 *
 * <table>
 * <caption>Entries</caption>
 * <tr><th>entry</th><th>content</th></tr>
 * <tr><td>{@code configuration.json}</td><td>Deeplearning4j's configuration with the counts of
 *     iterations and epochs; in ASCII</td></tr>
 * <tr><td>{@code coefficients.bin}</td><td>the raw parameters</td></tr>
 * <tr><td>{@code updaterState.bin}</td><td>the updater's state; absent if it has none</td></tr>
 * <tr><td>{@code normalizer.bin}</td><td>the normalizer as {@code NormalizerSerializer} writes it;
 *     absent if none was given</td></tr>
 * <tr><td>{@code emaShadow.bin}</td><td>the averaged parameters, in the order of the raw ones</td>
 *     </tr>
 * <tr><td>{@code emaVariances.bin}</td><td>the averaged variances that {@code emaShadow.bin} holds as
 *     log10 of the deviation, as doubles in their order; absent where there are none</td></tr>
 * <tr><td>{@code emaShadow2.bin}, {@code emaVariances2.bin}, ...</td><td>the same of further averages
 *     </td></tr>
 * <tr><td>{@code emaState.json}</td><td>the object below; in UTF-8</td></tr>
 * </table>
 *
 * <table>
 * <caption>Members of {@code emaState.json}</caption>
 * <tr><th>member</th><th>content</th></tr>
 * <tr><td>{@code format}</td><td>3; readers refuse versions above those they know. Older ones are read: 1,
 *     and 2 for several averages, have {@code checksums} and no {@code entries}, and may have a
 *     configuration and a normalizer that were put there later</td></tr>
 * <tr><td>{@code writer}</td><td>the program that wrote the file</td></tr>
 * <tr><td>{@code network}</td><td>{@code class} ({@code MultiLayerNetwork} or {@code
 *     ComputationGraph}); {@code iteration} and {@code epoch}, done so far; {@code savedAt}, a
 *     {@link io.github.ema4j.dl4j.Moment}: counts and parameters are those that the network
 *     had once the update or epoch in which it was saved was complete</td></tr>
 * <tr><td>{@code average}</td><td>{@code length} (elements), {@code paramsType}, {@code
 *     shadowType}; {@code averaged} and {@code copied}, ranges of elements such as {@code
 *     0-100,150-200} (absent where all are averaged); {@code variances} and {@code log10Deviations},
 *     those of the averaged elements that are variances and log10 of deviations (absent where there
 *     are none: then all are averaged as they are); the settings {@code schedule},
 *     {@code requestedShadowType} (or {@code default}),
 *     {@code updateEvery}, {@code correctDecayForInterval}, {@code startAfter}, {@code
 *     onNonFinite}, and, where they are not the defaults, {@code unit} and {@code startAfterEpochs};
 *     the counters {@code steps}, {@code updates}, {@code averagedSteps} (steps that
 *     the updates stand for; absent where each stands for {@code updateEvery}), {@code skipped},
 *     {@code restores}, {@code restoresInARow} and {@code awaitedSteps} (absent where 0),
 *     {@code decay} (of the last update; absent before the first), {@code initialShare}</td></tr>
 * <tr><td>{@code furtherAverages}</td><td>a list of such objects; absent where there is one average
 *     </td></tr>
 * <tr><td>{@code random}</td><td>{@code root} and {@code node}: state of ND4J's random generator in
 *     the thread that wrote the file</td></tr>
 * <tr><td>{@code bestScore}</td><td>a number; absent if none was given</td></tr>
 * <tr><td>{@code metadata}</td><td>texts of the user by name</td></tr>
 * <tr><td>{@code entries}</td><td>of each other entry of the file by name, {@code bytes}, the length, and
 *     {@code crc32}, the CRC-32 of its uncompressed content: a file that lacks one, has one more of
 *     these names, or another one, is refused. Entries of other names are left alone</td></tr>
 * <tr><td>{@code checksums}</td><td>in formats 1 and 2 only: CRC-32 of {@code coefficients.bin}, {@code
 *     updaterState.bin} and the averages</td></tr>
 * </table>
 */
package io.github.ema4j.dl4j.checkpoint;
