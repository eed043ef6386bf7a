// SPDX-License-Identifier: Apache-2.0
//
// Asks the UI server for sessions and their new updates, and draws them. All text goes into the page
// as text; Flot takes HTML, so that what it gets is escaped.
(function () {
  'use strict';

  var POLL_MS = 2000;
  // Asked for again, since an update may become readable after one with a later time.
  var OVERLAP_MS = 10000;
  var MAX_POINTS = 1000; // of one curve; longer ones are drawn with every 2nd, 3rd ... point
  var RAW_COLOR = '#8a97a3';
  var COLORS = ['#fa5833', '#20a8d8', '#4dbd74', '#6f42c1', '#f8b100', '#e83e8c', '#17a2b8', '#795548'];

  var wanted = new URLSearchParams(location.search).get('session');
  var sessions = [];
  var session = null; // the one shown
  var updates = [];
  var seen = {}; // which updates those are
  var multiSession = false;

  function escaped(text) {
    return $('<div>').text(text).html();
  }

  function shortened(name) {
    return name.length > 40 ? name.slice(0, 39) + '\u2026' : name;
  }

  // A number that is not finite comes as a string, and is a gap in a curve.
  function finite(value) {
    return typeof value === 'number' ? value : null;
  }

  function shown(value) {
    if (typeof value !== 'number') {
      return value === undefined ? '' : 'not finite'; // the texts NaN, Infinity and -Infinity
    }
    return Math.abs(value) >= 1e-3 || value === 0 ? String(+value.toPrecision(4)) : value.toExponential(2);
  }

  function percent(value) {
    return value < 1e-4 ? '< 0.01 %' : (100 * value).toFixed(value < 0.1 ? 2 : 1) + ' %';
  }

  function time(milliseconds) {
    return milliseconds ? new Date(milliseconds).toLocaleString('en-GB') : '';
  }

  // ---------------------------------------------------------------- data

  // All of the session; of several workers, each has its own.
  function averages() {
    var workers = Object.keys(session.runs);
    var list = [];
    workers.forEach(function (worker) {
      session.runs[worker].averages.forEach(function (name) {
        list.push({
          worker: worker,
          name: name,
          label: labelled(name, worker),
          color: COLORS[list.length % COLORS.length]
        });
      });
    });
    return list;
  }

  function labelled(name, worker) {
    return Object.keys(session.runs).length > 1 ? name + ', ' + worker : name;
  }

  function of(average) {
    return updates.filter(function (update) {
      return update.worker === average.worker && update.state.average === average.name;
    });
  }

  function curve(label, color, points, pick) {
    var step = Math.ceil(points.length / MAX_POINTS);
    var thinned = points.filter(function (point, i) { return i % step === 0 || i === points.length - 1; });
    return {
      label: escaped(shortened(label)),
      color: color,
      data: thinned.map(function (point) { return [point.state.iteration, finite(pick(point.state))]; }),
      points: {show: thinned.length < 40}
    };
  }

  function perAverage(pick) {
    return averages().map(function (average) {
      return curve(average.label, average.color, of(average), pick);
    });
  }

  function scoreNames() {
    var names = [];
    updates.forEach(function (update) {
      Object.keys(update.state.raw).forEach(function (name) {
        if (names.indexOf(name) < 0) {
          names.push(name);
        }
      });
    });
    return names;
  }

  // ---------------------------------------------------------------- drawing

  function plot(id, series, options) {
    $.plot('#' + id, series, $.extend(true, {
      series: {lines: {show: true, lineWidth: 2}, points: {radius: 2}, shadowSize: 0},
      grid: {hoverable: true, tickColor: '#dddddd', borderWidth: 0},
      xaxis: {tickDecimals: 0, minTickSize: 1},
      legend: {backgroundOpacity: 0.7, position: 'ne'}
    }, options));
  }

  function drawScores() {
    var names = scoreNames();
    choices('#score', names);
    var score = $('#score').val();
    $('.score-name').text(score || 'score');
    var series = [];
    var withRaw = []; // The raw weights of a worker are evaluated with each of its averages.
    averages().forEach(function (average) {
      var points = of(average).filter(function (update) { return score in update.state.raw; });
      if (points.length && withRaw.indexOf(average.worker) < 0) {
        withRaw.push(average.worker);
        series.push(curve(labelled('raw', average.worker), RAW_COLOR, points, function (state) { return state.raw[score]; }));
      }
      series.push(curve(average.label, average.color, points, function (state) { return state.averaged[score]; }));
    });
    plot('scores', series, {legend: {position: 'se'}});
  }

  function drawDistances() {
    choices('#average', averages().map(function (average) { return average.label; }));
    var chosen = averages().filter(function (average) { return average.label === $('#average').val(); });
    var points = chosen.length ? of(chosen[0]) : [];
    var last = points.length ? points[points.length - 1].state.distanceByLayer : {};
    var layers = Object.keys(last);
    plot('distance', layers.map(function (layer, i) {
      return curve(layer, COLORS[i % COLORS.length], points, function (state) { return state.distanceByLayer[layer]; });
    }), {yaxis: {min: 0}, legend: {show: layers.length <= 12}});
    plot('distance-latest', layers.map(function (layer, i) {
      return {color: COLORS[i % COLORS.length], data: [[finite(last[layer]), layers.length - i]]};
    }), {
      series: {
        lines: {show: false},
        bars: {show: true, horizontal: true, align: 'center', barWidth: 0.6, lineWidth: 0, fill: 0.85}
      },
      xaxis: {min: 0, tickDecimals: null, minTickSize: null},
      yaxis: {
        min: 0.4,
        max: layers.length + 0.6,
        tickLength: 0,
        ticks: layers.map(function (layer, i) { return [layers.length - i, escaped(layer)]; })
      }
    });
  }

  function row(cells) {
    return $('<tr>').append(cells.map(function (text) { return $('<td>').text(text); }));
  }

  function drawRun() {
    var rows = [];
    Object.keys(session.runs).forEach(function (worker) {
      rows.push(row(['Model Type', session.runs[worker].network]));
      rows.push(row(['Total Parameters', session.runs[worker].parameters.toLocaleString('en')]));
    });
    rows.push(row(['Start Time', time(session.started)]));
    if (updates.length) {
      var last = updates[updates.length - 1];
      rows.push(row(['Last Update', time(last.timestamp)]));
      rows.push(row(['Iteration', last.state.iteration.toLocaleString('en')]).attr('id', 'iteration'));
      rows.push(row(['Completed Epochs', last.state.epoch.toLocaleString('en')]));
    }
    $('#run').empty().append(rows);
  }

  function drawAverages() {
    var score = $('#score').val();
    var rows = [];
    averages().forEach(function (average) {
      var points = of(average);
      if (!points.length) {
        return;
      }
      var scored = points.filter(function (update) { return score in update.state.raw; });
      var scores = scored.length ? scored[scored.length - 1].state : {raw: {}, averaged: {}};
      var state = points[points.length - 1].state;
      rows.push(swatch(row([
        average.label,
        shown(scores.raw[score]),
        shown(scores.averaged[score]),
        state.updates.toLocaleString('en'),
        state.updates ? shown(state.decay) : '',
        percent(state.initialShare),
        shown(state.distance)
      ]), average.color));
    });
    $('#averages').empty().append(rows);
  }

  function swatch(row, color) {
    row.children().first().prepend($('<span class="swatch">').css('background', color));
    return row;
  }

  function draw() {
    drawScores();
    drawRun();
    drawAverages();
    plot('initial-share', perAverage(function (state) {
      return typeof state.initialShare === 'number' ? 100 * state.initialShare : null;
    }), {yaxis: {min: 0, max: 100, tickFormatter: function (value) { return value + ' %'; }}});
    plot('decay', perAverage(function (state) { return state.decay; }), {legend: {position: 'se'}});
    drawDistances();
  }

  // Leaves a select as it is if nothing changed, so that a menu that is open stays open.
  function choices(select, values, label) {
    var element = $(select);
    var present = element.children().map(function () { return this.value; }).get();
    if (present.join('\n') !== values.join('\n')) {
      var chosen = element.val();
      element.empty().append(values.map(function (value) {
        return $('<option>').val(value).text(label ? label(value) : value);
      }));
      element.val(values.indexOf(chosen) < 0 ? values[0] : chosen);
    }
    element.toggle(values.length > 1 || Boolean(label));
  }

  function message(text, kind) {
    $('#message').text(text).attr('class', 'alert alert-' + kind).toggle(text !== '');
  }

  // ---------------------------------------------------------------- polling

  function find(id) {
    return sessions.filter(function (candidate) { return candidate.id === id; })[0];
  }

  function show(id) {
    var other = !session || session.id !== id;
    session = find(id);
    if (other) {
      updates = [];
      seen = {};
      draw();
    }
    linkToTraining();
  }

  function linkToTraining() {
    $('a[data-page]').each(function () {
      var within = multiSession ? '/train/' + encodeURIComponent(session.id) + '/' : '/train/';
      $(this).attr('href', within + $(this).data('page'));
    });
  }

  function add(found) {
    var added = found.filter(function (update) { return !seen[update.timestamp + ' ' + update.worker]; });
    if (added.length) {
      added.forEach(function (update) { seen[update.timestamp + ' ' + update.worker] = true; });
      updates = updates.concat(added).sort(function (a, b) { return a.timestamp - b.timestamp; });
      draw();
    }
  }

  function refresh() {
    return $.getJSON('/ema/sessions').then(function (found) {
      sessions = found;
      if (!sessions.length) {
        return null;
      }
      var ids = sessions.map(function (candidate) { return candidate.id; });
      choices('#session', ids, label);
      if (wanted !== null && ids.indexOf(wanted) >= 0) {
        $('#session').val(wanted);
        wanted = null;
      }
      show($('#session').val());
      if (session.error) {
        message('This session cannot be read. ' + session.error, 'danger');
        return null;
      }
      var asked = session.id;
      var after = updates.length ? updates[updates.length - 1].timestamp - OVERLAP_MS : -1;
      return $.getJSON('/ema/updates', {session: asked, after: after}).then(function (found) {
        if (asked === session.id) {
          add(found);
          message(updates.length ? '' : 'Training has begun; nothing was posted yet.', 'info');
        }
      });
    }).catch(function (failure) {
      if (failure instanceof Error) {
        console.error(failure);
        message('This page failed: ' + failure.message, 'danger');
      } else {
        message(failure.responseJSON ? failure.responseJSON.error : 'The UI server does not answer.', 'danger');
      }
    });
  }

  function label(id) {
    var found = find(id);
    return time(found.started) + '  ' + id;
  }

  function poll() {
    refresh().always(function () { setTimeout(poll, POLL_MS); });
  }

  $(function () {
    $('#session').on('change', function () {
      wanted = null;
      show($(this).val());
      refresh();
    });
    $('#score, #average').on('change', draw);
    $('body').append('<div id="tooltip">');
    $('.chart').on('plothover', function (event, position, item) {
      if (!item) {
        $('#tooltip').hide();
        return;
      }
      var horizontal = item.series.bars.horizontal && item.series.bars.show;
      var text = horizontal
        ? shown(item.datapoint[0])
        : $('<div>').html(item.series.label).text() + ', iteration ' + item.datapoint[0] + ': ' + shown(item.datapoint[1]);
      $('#tooltip').text(text).css({left: item.pageX + 12, top: item.pageY + 8}).show();
    });
    $.get('/train/multisession').then(function (answer) {
      multiSession = String(answer) === 'true';
    }).always(poll);
  });
}());
