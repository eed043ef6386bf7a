// SPDX-License-Identifier: Apache-2.0
/**
 * What a training run leaves behind.
 *
 * <p>{@link io.github.ema4j.train.record.RunRecorders#open} starts (or, after a crash, continues)
 * the record of a run in its output directory. It gives one {@link
 * io.github.ema4j.train.record.RunRecorder} to report iterations and epochs to, behind which are
 *
 * <ul>
 *   <li>{@code log.jsonl}, by {@link io.github.ema4j.train.record.JsonLines}: everything, one JSON
 *       object per line. It is the record that all else can be made from again, and {@link
 *       io.github.ema4j.train.record.EpochHistory} reads it;
 *   <li>{@code summary.csv}, by {@link io.github.ema4j.train.record.SummaryCsv}: one row per epoch
 *       with the columns that timm writes, for spreadsheets and scripts;
 *   <li>{@code tensorboard/}, by {@link io.github.ema4j.train.record.TensorBoardEvents}: raw and
 *       averaged scores as curves of one chart.
 * </ul>
 *
 * <p>{@link io.github.ema4j.train.record.Curves} draws the epochs, and {@link
 * io.github.ema4j.train.record.RunReport} puts all of it on one page.
 *
 * <p>Epochs and iterations count from 1, accuracies are shares of 1 except where a column's name
 * says {@code top1} as timm does, which is in percent.
 *
 * <p>Files are written by {@link io.github.ema4j.train.record.OutputFile}, which also names one
 * that cannot be.
 */
package io.github.ema4j.train.record;
