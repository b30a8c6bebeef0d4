(** * Every hypothesis of the main theorems, for layered networks

    From the data of a layered network alone every hypothesis of the main theorems is proved, but
    one: that the state is at rest.  The idea: a derivative of [Phi] in a state of layer [n] has a
    part from what the unit receives from above and one from what it sends down, and added up over
    all units the signals that go up and those that come down are the same ([resummation]).
    Derivatives need not be written out for the rest: every entry of [F] and of the update is made
    of sums and products of entries, activations and slopes.

    One learning rate for each layer and the mean over the mini-batch are a change of the inner
    product on the parameters ([rates_gradient]), so that no theorem has to be proved again. *)

From Coq Require Import Reals Lra List Lia PeanoNat Bool.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Network AugmentedGradient AugmentedPrimitive Drift.
From CEP Require Import FurtherVocabulary Layered FiniteVectors Differentiation Activation.
Set Implicit Arguments.
Open Scope R_scope.

Local Notation R1 := R_NormedModule.

(** ** Names and sums *)

(** ** Names and sums *)

Section Names.
Variable L : layered_model.

Lemma in_units n i : In (n, i) (units L) <-> (n < depth L)%nat /\ (i < size L n)%nat.
Proof.
unfold units. rewrite in_flat_map. split.
- intros [m [Hm Hi]]. rewrite in_map_iff in Hi. destruct Hi as [j [E Hj]]. injection E as -> ->.
  rewrite in_seq in Hm, Hj. lia.
- intros [Hn Hi]. exists n. split. rewrite in_seq; lia. apply in_map, in_seq. lia.
Qed.
Lemma in_state_names b u : In (b, u) (state_names L) <-> (b < samples L)%nat /\ In u (units L).
Proof.
unfold state_names. rewrite in_flat_map. split.
- intros [b' [Hb Hu]]. rewrite in_map_iff in Hu. destruct Hu as [u' [E Hu]]. injection E as -> ->.
  rewrite in_seq in Hb. split. lia. exact Hu.
- intros [Hb Hu]. exists b. split. rewrite in_seq; lia. now apply in_map.
Qed.
Lemma in_param_names n i o : In (n, i, o) (param_names L) <->
  In (n, i) (units L) /\ match o with None => True | Some j => (j < size L (S n))%nat end.
Proof.
unfold param_names. rewrite in_flat_map. split.
- intros [u [Hu Ho]]. rewrite in_map_iff in Ho. destruct Ho as [o' [E Ho]]. injection E as -> ->. split. exact Hu.
  destruct Ho as [<-|Ho]. exact I. rewrite in_map_iff in Ho. destruct Ho as [j [<- Hj]]. rewrite in_seq in Hj. cbn [fst] in Hj. lia.
- intros [Hu Ho]. exists (n, i). split. exact Hu. apply in_map. cbn [fst]. destruct o as [j|]. right. apply in_map, in_seq. lia. now left.
Qed.
Lemma output_unit : In (0%nat, 0%nat) (units L).
Proof.
apply in_units. assert (H1 := has_layers L). assert (H2 := has_output L). unfold depth, size. split; lia.
Qed.

Lemma units_distinct : NoDup (units L).
Proof.
apply NoDup_flat_map. apply seq_NoDup.
- intros n _. apply NoDup_map. now injection 1. apply seq_NoDup.
- intros n n' k _ _ H H'. rewrite in_map_iff in H, H'. destruct H as [i [<- _]]. destruct H' as [i' [E _]]. now injection E.
Qed.
Lemma state_naming : naming same_state (state_names L).
Proof.
split.
- intros [b [n i]] [b' [n' i']]. unfold same_state. cbn [fst snd]. rewrite !andb_true_iff, !Nat.eqb_eq.
  split; [intros [-> [-> ->]]; reflexivity | injection 1; auto].
- apply NoDup_flat_map. apply seq_NoDup.
  + intros b _. apply NoDup_map. now injection 1. apply units_distinct.
  + intros b b' k _ _ H H'. rewrite in_map_iff in H, H'. destruct H as [i [<- _]]. destruct H' as [i' [E _]]. now injection E.
- intros E. assert (H : In (0%nat, (0%nat, 0%nat)) (state_names L)).
  { apply in_state_names. split. exact (has_samples L). exact output_unit. }
  rewrite E in H. exact H.
Qed.
Lemma param_naming : naming same_param (param_names L).
Proof.
split.
- intros [[n i] o] [[n' i'] o']. unfold same_param. cbn [fst snd]. rewrite !andb_true_iff, !Nat.eqb_eq.
  destruct o as [j|], o' as [j'|]; try rewrite Nat.eqb_eq;
    (split; [intros [-> [-> E]]; try discriminate; try rewrite E; reflexivity | intros E; try discriminate; injection E; auto]).
- apply NoDup_flat_map. apply units_distinct.
  + intros u _. apply NoDup_map. now injection 1. constructor.
    rewrite in_map_iff. intros [j [E _]]. discriminate. apply NoDup_map. now injection 1. apply seq_NoDup.
  + intros u u' k _ _ H H'. rewrite in_map_iff in H, H'. destruct H as [i [<- _]]. destruct H' as [i' [E _]]. now injection E.
- intros E. assert (H : In (0%nat, 0%nat, None) (param_names L)).
  { apply in_param_names. split. exact output_unit. exact I. }
  rewrite E in H. exact H.
Qed.

Lemma sum_units (f : nat * nat -> R) :
  sum_over (units L) f = sum_below (depth L) (fun n => sum_below (size L n) (fun i => f (n, i))).
Proof. unfold units. rewrite sum_flat_map. apply sum_ext. intros n _. apply sum_map. Qed.
Lemma sum_states (f : nat * (nat * nat) -> R) :
  sum_over (state_names L) f = sum_below (samples L) (fun b => sum_over (units L) (fun u => f (b, u))).
Proof. unfold state_names. rewrite sum_flat_map. apply sum_ext. intros b _. apply sum_map. Qed.
Lemma sum_params (f : nat * nat * option nat -> R) :
  sum_over (param_names L) f =
  sum_over (units L) (fun u => f (u, None) + sum_below (size L (S (fst u))) (fun j => f (u, Some j))).
Proof.
unfold param_names. rewrite sum_flat_map. apply sum_ext. intros u _. rewrite sum_map. simpl. now rewrite sum_map.
Qed.

(** Entries by unit and by parameter. *)
Lemma state_of_entry f b n i : In (b, (n, i)) (state_names L) -> unit_state (state_of L f) b n i = f b n i.
Proof. intros H. unfold unit_state, state_of. now rewrite (vector_of_entry state_naming). Qed.
Lemma params_of_entry f n i o : In (n, i, o) (param_names L) -> param (params_of L f) n i o = f n i o.
Proof. intros H. unfold param, params_of. now rewrite (vector_of_entry param_naming). Qed.
Lemma states_ext (s s' : states L) :
  (forall b n i, In (b, (n, i)) (state_names L) -> unit_state s b n i = unit_state s' b n i) -> s = s'.
Proof. intros H. apply (vector_ext state_naming). intros [b [n i]]. apply H. Qed.
Lemma params_ext (th th' : parameters L) :
  (forall n i o, In (n, i, o) (param_names L) -> param th n i o = param th' n i o) -> th = th'.
Proof. intros H. apply (vector_ext param_naming). intros [[n i] o]. apply H. Qed.
Lemma dot_states_sum (x y : states L) : dot_states L x y =
  sum_below (samples L) (fun b => sum_over (units L) (fun u => unit_state x b (fst u) (snd u) * unit_state y b (fst u) (snd u))).
Proof.
unfold dot_states. etransitivity. exact (dot_sum state_naming x y). rewrite sum_states.
apply sum_ext. intros b _. apply sum_ext. now intros [n i] _.
Qed.
Lemma unit_state_linear b n i : is_linear (V := R1) (fun s : states L => unit_state s b n i).
Proof. apply entry_linear. Qed.
Lemma param_linear n i o : is_linear (V := R1) (fun th : parameters L => param th n i o).
Proof. apply entry_linear. Qed.
Lemma param_zero n i o : param (zero : parameters L) n i o = 0.
Proof. apply entry_zero. Qed.
Lemma rate_factor n : 0 < rate L n / INR (samples L) /\ 0 < INR (samples L) / rate L n /\
  INR (samples L) / rate L n * (rate L n / INR (samples L)) = 1.
Proof.
assert (R0 : 0 < rate L n) by apply cond_pos. assert (B0 : 0 < INR (samples L)) by apply lt_0_INR, has_samples.
split; [|split]. now apply Rdiv_lt_0_compat. now apply Rdiv_lt_0_compat. field; lra.
Qed.
End Names.

(** ** The gradient of [Phi] *)

Section Gradient.
Variables (L : layered_model) (send : nat -> activation) (drive : nat -> nat -> R) (dt : R).
Local Notation S' := (states L).
Local Notation P' := (parameters L).
Local Notation Z := (prod_NormedModule R_AbsRing S' P').
Local Notation signal := (signal send drive).
Local Notation from_above := (from_above send drive).
Local Notation from_below := (from_below send drive).

Lemma state_entry_linear b n i : is_linear (U := Z) (V := R1) (fun z => unit_state (fst z) b n i).
Proof. exact (@is_linear_comp R_AbsRing Z S' R1 _ _ (@is_linear_fst R_AbsRing S' P') (unit_state_linear L b n i)). Qed.
Lemma param_entry_linear n i o : is_linear (U := Z) (V := R1) (fun z => param (snd z) n i o).
Proof. exact (@is_linear_comp R_AbsRing Z P' R1 _ _ (@is_linear_snd R_AbsRing S' P') (param_linear L n i o)). Qed.

Section At.
Variable z : Z.
Let s : S' := fst z.
Let th : P' := snd z.

Definition signal_d (h : S') (b m j : nat) : R :=
  if (m <? depth L)%nat then slope (send m) (unit_state s b m j) * unit_state h b m j else 0.
Definition from_above_d (h : Z) (b n i : nat) : R :=
  bias (snd h) n i + sum_below (size L (S n)) (fun j => weight (snd h) n i j * signal s b (S n) j + weight th n i j * signal_d (fst h) b (S n) j).

Lemma rho_state_d a b n i : @differential Z z (fun z => rho a (unit_state (fst z) b n i)) (fun h => slope a (unit_state s b n i) * unit_state (fst h) b n i).
Proof.
eapply differential_ext.
apply (@differential_compose Z z (rho a) (slope a (unit_state s b n i)) (fun z => unit_state (fst z) b n i) (fun h => unit_state (fst h) b n i)).
apply differential_linear, state_entry_linear. apply rho_derivative.
intros h. apply Rmult_comm.
Qed.
Lemma signal_diff b m j : @differential Z z (fun z => signal (fst z) b m j) (fun h => signal_d (fst h) b m j).
Proof.
unfold Layered.signal, signal_d. destruct (m <? depth L)%nat. apply rho_state_d. apply differential_const.
Qed.
Lemma from_above_diff b n i : @differential Z z (fun z => from_above (fst z) (snd z) b n i) (fun h => from_above_d h b n i).
Proof.
unfold Layered.from_above, from_above_d, sum_below. apply differential_plus.
apply differential_linear, param_entry_linear.
apply (@differential_sum Z z nat). intros j _.
apply (@differential_times Z z (fun z => weight (snd z) n i j) (fun z => signal (fst z) b (S n) j)).
apply differential_linear, param_entry_linear. apply signal_diff.
Qed.

(** The signals that go up and those that come down, added up over all units, are the same. *)
Lemma resummation (h : S') b :
  sum_over (units L) (fun u => rho (send (fst u)) (unit_state s b (fst u) (snd u)) *
     sum_below (size L (S (fst u))) (fun j => weight th (fst u) (snd u) j * signal_d h b (S (fst u)) j)) =
  sum_over (units L) (fun u => slope (send (fst u)) (unit_state s b (fst u) (snd u)) * unit_state h b (fst u) (snd u) * from_below s th b (fst u) (snd u)).
Proof.
rewrite !sum_units. cbn [fst snd].
set (G := fun m => sum_below (size L m) (fun j => signal_d h b m j * from_below s th b m j)).
transitivity (sum_below (depth L) (fun n => G (S n))).
- apply sum_ext. intros n Hn. apply in_seq in Hn.
  transitivity (sum_below (size L n) (fun i => sum_below (size L (S n)) (fun j =>
     rho (send n) (unit_state s b n i) * (weight th n i j * signal_d h b (S n) j)))).
  { apply sum_ext. intros i _. symmetry. exact (sum_scal (seq 0 (size L (S n))) (rho (send n) (unit_state s b n i)) _). }
  unfold sum_below at 1 2. rewrite sum_exchange. apply sum_ext. intros j _.
  cbn [Layered.from_below]. unfold sum_below. rewrite <- sum_scal. apply sum_ext. intros i _.
  unfold Layered.signal. replace (n <? depth L)%nat with true by (symmetry; apply Nat.ltb_lt; lia). ring.
- assert (E := sum_shift (depth L) G).
  assert (E0 : G 0%nat = 0).
  { unfold G, sum_below. rewrite (sum_ext _ _ (fun _ => 0)). apply sum_zero. intros j _. cbn [Layered.from_below]. ring. }
  assert (E1 : G (depth L) = 0).
  { unfold G, sum_below. rewrite (sum_ext _ _ (fun _ => 0)). apply sum_zero. intros j _. unfold signal_d. rewrite Nat.ltb_irrefl. ring. }
  transitivity (sum_below (depth L) G). lra.
  apply sum_ext. intros n Hn. apply in_seq in Hn. apply sum_ext. intros i _.
  unfold signal_d. replace (n <? depth L)%nat with true by (symmetry; apply Nat.ltb_lt; lia). reflexivity.
Qed.

(** The update's direction against any [v], with the sum over the samples outside. *)
Lemma param_part (v : P') :
  dot_rates L (layered_Phi_theta send drive dt z) v =
  sum_below (samples L) (fun b => sum_over (units L) (fun u => dt * (rho (send (fst u)) (unit_state s b (fst u) (snd u)) *
    (bias v (fst u) (snd u) + sum_below (size L (S (fst u))) (fun j => weight v (fst u) (snd u) j * signal s b (S (fst u)) j))))).
Proof.
unfold dot_rates. etransitivity. exact (weighted_sum (param_naming L) _ (layered_Phi_theta send drive dt z) v).
rewrite sum_params.
unfold sum_below at 2. rewrite sum_exchange. apply sum_ext. intros [n i] Hu. cbn [fst snd].
destruct (rate_factor L n) as [_ [_ E0]].
assert (E : forall o, In (n, i, o) (param_names L) ->
  INR (samples L) / rate L n * (entry same_param (param_names L) (layered_Phi_theta send drive dt z) (n, i, o) * entry same_param (param_names L) v (n, i, o)) =
  sum_over (seq 0 (samples L)) (fun b => dt * (rho (send n) (unit_state s b n i) *
     (param v n i o * match o with None => 1 | Some j => signal s b (S n) j end)))).
{ intros o Ho. change (entry same_param (param_names L) v (n, i, o)) with (param v n i o).
  change (entry same_param (param_names L) (layered_Phi_theta send drive dt z) (n, i, o)) with (param (layered_Phi_theta send drive dt z) n i o).
  unfold layered_Phi_theta. rewrite params_of_entry by auto. fold s. unfold sum_below.
  set (g := fun b => dt * (rho (send n) (unit_state s b n i) * match o with None => 1 | Some j => signal s b (S n) j end)).
  transitivity (INR (samples L) / rate L n * (rate L n / INR (samples L)) * (param v n i o * sum_over (seq 0 (samples L)) g)). ring.
  rewrite E0, Rmult_1_l, <- sum_scal. apply sum_ext. intros b _. unfold g. ring. }
rewrite E by (apply in_param_names; auto). unfold sum_below.
rewrite (sum_ext (seq 0 (size L (S n))) _ (fun j => sum_over (seq 0 (samples L)) (fun b => dt * (rho (send n) (unit_state s b n i) *
     (weight v n i j * signal s b (S n) j))))).
2: { intros j Hj. apply E. apply in_param_names. split. exact Hu. rewrite in_seq in Hj. lia. }
rewrite sum_exchange, <- sum_plus. apply sum_ext. intros b _.
rewrite !sum_scal. unfold bias. ring.
Qed.

Theorem layered_Phi_gradient :
  is_gradient Z (@product_inner S' P' (dot_states L) (dot_rates L))
    (layered_Phi send drive dt) z (layered_F send drive dt z, layered_Phi_theta send drive dt z).
Proof.
set (D := fun h : Z => sum_below (samples L) (fun b => sum_over (units L) (fun u =>
   (1 - dt) * (unit_state s b (fst u) (snd u) * unit_state (fst h) b (fst u) (snd u)) +
   dt * (slope (send (fst u)) (unit_state s b (fst u) (snd u)) * unit_state (fst h) b (fst u) (snd u) * from_above s th b (fst u) (snd u) +
     rho (send (fst u)) (unit_state s b (fst u) (snd u)) * from_above_d h b (fst u) (snd u))))).
assert (H : @differential Z z (layered_Phi send drive dt) D).
{ apply (@differential_sum Z z nat). intros b _. apply (@differential_sum Z z _ (units L)
    (fun u z => (1 - dt) / 2 * (unit_state (fst z) b (fst u) (snd u) * unit_state (fst z) b (fst u) (snd u)) +
       dt * (rho (send (fst u)) (unit_state (fst z) b (fst u) (snd u)) * from_above (fst z) (snd z) b (fst u) (snd u)))).
  intros [n i] _. cbn [fst snd]. apply differential_plus.
  - eapply differential_ext. apply differential_scal.
    apply (@differential_times Z z (fun z => unit_state (fst z) b n i) (fun z => unit_state (fst z) b n i));
      apply differential_linear, state_entry_linear.
    intros h. cbn beta. fold s. field.
  - apply differential_scal. apply differential_times. apply rho_state_d. apply from_above_diff. }
unfold is_gradient. eapply filterdiff_ext_lin. exact H. intros h. unfold D, product_inner. cbn [fst snd].
rewrite dot_states_sum, (param_part (snd h)).
unfold sum_below. rewrite <- sum_plus. apply sum_ext. intros b Hb. apply in_seq in Hb.
rewrite <- sum_plus.
assert (ER := resummation (fst h) b).
set (rest := fun u : nat * nat => dt * (rho (send (fst u)) (unit_state s b (fst u) (snd u)) *
   (bias (snd h) (fst u) (snd u) + sum_below (size L (S (fst u))) (fun j => weight (snd h) (fst u) (snd u) j * signal s b (S (fst u)) j)))).
set (up := fun u : nat * nat => (1 - dt) * (unit_state s b (fst u) (snd u) * unit_state (fst h) b (fst u) (snd u)) +
   dt * (slope (send (fst u)) (unit_state s b (fst u) (snd u)) * unit_state (fst h) b (fst u) (snd u) * from_above s th b (fst u) (snd u)) + rest u).
transitivity (sum_over (units L) (fun u => up u +
   dt * (slope (send (fst u)) (unit_state s b (fst u) (snd u)) * unit_state (fst h) b (fst u) (snd u) * from_below s th b (fst u) (snd u)))).
- rewrite (sum_plus _ up), sum_scal, <- ER, <- sum_scal, <- sum_plus. apply sum_ext. intros [n i] Hu.
  unfold up, rest, from_above_d, sum_below. cbn [fst snd]. rewrite sum_plus. ring.
- apply sum_ext. intros [n i] Hu. unfold layered_F. rewrite state_of_entry.
  2: { apply in_state_names. split. lia. exact Hu. }
  unfold up, rest, sum_below. cbv zeta. cbn [fst snd]. fold s th. ring.
Qed.
End At.
End Gradient.

(** ** Derivatives of [F] and of the update, at every point *)

Section Smooth.
Variables (L : layered_model) (send : nat -> activation) (drive : nat -> nat -> R) (dt : R).
Local Notation S' := (states L).
Local Notation P' := (parameters L).
Local Notation Z := (prod_NormedModule R_AbsRing S' P').
Variable z : Z.

Lemma strict_state_entry b n i : @ex_strict Z z (fun z => unit_state (fst z) b n i).
Proof. apply strict_linear, state_entry_linear. Qed.
Lemma strict_param_entry n i o : @ex_strict Z z (fun z => param (snd z) n i o).
Proof. apply strict_linear, param_entry_linear. Qed.
Lemma strict_rho a b n i : @ex_strict Z z (fun z => rho a (unit_state (fst z) b n i)).
Proof.
apply (@strict_compose Z z (rho a) (fun z => unit_state (fst z) b n i)). eexists. apply rho_strict. apply strict_state_entry.
Qed.
Lemma strict_slope a b n i : @ex_strict Z z (fun z => slope a (unit_state (fst z) b n i)).
Proof.
apply (@strict_compose Z z (slope a) (fun z => unit_state (fst z) b n i)). eexists. apply slope_strict. apply strict_state_entry.
Qed.
Lemma strict_signal b m j : @ex_strict Z z (fun z => signal send drive (fst z) b m j).
Proof. unfold signal. destruct (m <? depth L)%nat. apply strict_rho. apply strict_const. Qed.
Lemma strict_link n i j b m j' : @ex_strict Z z (fun z => weight (snd z) n i j * signal send drive (fst z) b m j').
Proof. apply strict_times. apply strict_param_entry. apply strict_signal. Qed.
Lemma strict_from_above b n i : @ex_strict Z z (fun z => from_above send drive (fst z) (snd z) b n i).
Proof.
apply strict_plus. apply strict_param_entry. apply (@strict_sum Z z nat). intros j _. apply strict_link.
Qed.
Lemma strict_from_below b n i : @ex_strict Z z (fun z => from_below send drive (fst z) (snd z) b n i).
Proof.
destruct n as [|m]; cbn [from_below]. apply strict_const. apply (@strict_sum Z z nat). intros j _. apply strict_link.
Qed.

Theorem layered_F_strict : exists DF, strictly_differentiable Z S' (layered_F send drive dt) z DF.
Proof.
apply (entries_ex_strict (state_naming L)). intros [b [n i]] Hk.
apply (@strict_ext Z z (fun z => (1 - dt) * unit_state (fst z) b n i + dt * (slope (send n) (unit_state (fst z) b n i) *
   (from_above send drive (fst z) (snd z) b n i + from_below send drive (fst z) (snd z) b n i)))).
{ intros x. symmetry. exact (state_of_entry L _ b n i Hk). }
apply (@strict_plus Z z (fun z => (1 - dt) * unit_state (fst z) b n i)).
- apply strict_times. apply strict_const. apply strict_state_entry.
- apply strict_times. apply strict_const. apply strict_times. apply strict_slope.
  apply strict_plus. apply strict_from_above. apply strict_from_below.
Qed.
Theorem layered_Phi_theta_strict : exists DPhi, strictly_differentiable Z P' (layered_Phi_theta send drive dt) z DPhi.
Proof.
apply (entries_ex_strict (param_naming L)). intros [[n i] o] Hk.
apply (@strict_ext Z z (fun z => rate L n / INR (samples L) * sum_below (samples L) (fun b =>
    dt * (rho (send n) (unit_state (fst z) b n i) * match o with None => 1 | Some j => signal send drive (fst z) b (S n) j end)))).
{ intros x. symmetry. exact (params_of_entry L _ n i o Hk). }
apply strict_times. apply strict_const. apply (@strict_sum Z z nat). intros b _.
apply strict_times. apply strict_const. apply strict_times. apply strict_rho.
destruct o as [j|]. apply strict_signal. apply strict_const.
Qed.
End Smooth.

(** ** The losses *)

Section Loss.
Variable L : layered_model.
Local Notation S' := (states L).

(** A sum over the outputs, as an inner product. *)
Lemma output_sum (c : nat -> nat -> R) (h : S') :
  dot_states L (state_of L (fun b n i => match n with O => c b i | S _ => 0 end)) h =
  sum_below (samples L) (fun b => sum_below (size L 0) (fun i => c b i * unit_state h b 0 i)).
Proof.
rewrite dot_states_sum. apply sum_ext. intros b Hb. apply in_seq in Hb. rewrite sum_units.
assert (P := in_units L 0 0). assert (D := proj1 (proj1 P (output_unit L))).
destruct (depth L) as [|d] eqn:E. lia. unfold sum_below at 1. cbn [seq sum_over fst snd].
transitivity (sum_below (size L 0) (fun i => c b i * unit_state h b 0 i) + 0). 2: apply Rplus_0_r. apply f_equal2.
- apply sum_ext. intros i Hi. apply in_seq in Hi. rewrite state_of_entry. reflexivity.
  apply in_state_names. split. lia. apply in_units. lia.
- rewrite (sum_ext _ _ (fun _ => 0)). apply sum_zero. intros n Hn. apply in_seq in Hn. unfold sum_below.
  rewrite (sum_ext _ _ (fun _ => 0)). apply sum_zero. intros i Hi. apply in_seq in Hi. rewrite state_of_entry.
  destruct n; [lia | ring]. apply in_state_names. split. lia. apply in_units. lia.
Qed.
Lemma output_loss_gradient (l : nat -> nat -> R -> R) (c : nat -> nat -> R) (s : S') :
  (forall b i, (b < samples L)%nat -> (i < size L 0)%nat -> is_derive (l b i) (unit_state s b 0 i) (c b i)) ->
  is_gradient S' (dot_states L) (fun s => sum_below (samples L) (fun b => sum_below (size L 0) (fun i => l b i (unit_state s b 0 i)))) s
    (state_of L (fun b n i => match n with O => c b i | S _ => 0 end)).
Proof.
intros H. unfold is_gradient.
assert (D : @differential S' s (fun s => sum_below (samples L) (fun b => sum_below (size L 0) (fun i => l b i (unit_state s b 0 i))))
   (fun h => sum_below (samples L) (fun b => sum_below (size L 0) (fun i => unit_state h b 0 i * c b i)))).
{ apply (@differential_sum S' s nat). intros b Hb. apply in_seq in Hb. apply (@differential_sum S' s nat). intros i Hi. apply in_seq in Hi.
  apply (@differential_compose S' s (l b i) (c b i) (fun s => unit_state s b 0 i) (fun h => unit_state h b 0 i)).
  apply differential_linear, unit_state_linear. apply H; lia. }
eapply filterdiff_ext_lin. exact D. intros h. cbv beta. rewrite output_sum.
apply sum_ext. intros b _. apply sum_ext. intros i _. apply Rmult_comm.
Qed.
Lemma squared_error_gradient (s : S') : is_gradient S' (dot_states L) (squared_error L) s (error_gradient L s).
Proof.
apply (output_loss_gradient (fun b i x => (x - target L b i) * (x - target L b i) / 2) (fun b i => unit_state s b 0 i - target L b i)).
intros b i _ _. auto_derive. exact I. field.
Qed.
Lemma error_gradient_continuous (s : S') : continuous (error_gradient L) s.
Proof.
apply filterdiff_continuous.
destruct (entries_ex_strict (state_naming L) (error_gradient L) (p := s)) as [l Hl].
2: { exists l. exact (strict_diff Hl). }
intros [b [n i]] Hk.
apply (@strict_ext S' s (fun s => match n with O => unit_state s b 0 i + - target L b i | S _ => 0 end)).
{ intros x. symmetry. exact (state_of_entry L _ b n i Hk). }
destruct n. apply (@strict_plus S' s (fun s => unit_state s b 0 i) (fun _ => - target L b i)).
apply strict_linear, unit_state_linear. apply strict_const. apply strict_const.
Qed.
End Loss.

(** ** Every hypothesis of the main theorems but rest *)

Section Hypotheses.
Variables (L : layered_model) (send : nat -> activation) (drive : nat -> nat -> R) (dt : R) (s : states L) (th : parameters L).
Local Notation N := (layered_network send drive dt s th).

Theorem layered_primitive_everywhere : primitive_function_everywhere N.
Proof. intros z. exact (@layered_Phi_gradient L send drive dt z). Qed.
Theorem layered_has_primitive : has_primitive_function N.
Proof. unfold has_primitive_function, primitive_function. apply filter_forall. exact layered_primitive_everywhere. Qed.
Theorem layered_strict_derivatives : exists DF DPhi_theta, strict_derivatives N DF DPhi_theta /\
  strictly_differentiable_in_s (State N) (Param N) (Phi_theta N) (dPhi_theta_ds DPhi_theta) (s_star N) (theta N).
Proof.
destruct (@layered_F_strict L send drive dt (s, th)) as [DF HF].
destruct (@layered_Phi_theta_strict L send drive dt (s, th)) as [DPhi HPhi].
exists DF, DPhi. exact (conj (conj HF HPhi) (strict_in_s HPhi)).
Qed.
Theorem layered_twice : twice_differentiable N.
Proof.
destruct layered_strict_derivatives as [DF [DPhi [[HF HPhi] _]]]. exists DF, DPhi.
exact (conj (strict_diff HF) (strict_diff HPhi)).
Qed.
Theorem layered_loss : loss_differentiable N.
Proof. split. apply squared_error_gradient. apply error_gradient_continuous. Qed.
Theorem layered_near : continuous_nearby N.
Proof.
split; [|split]; apply filter_forall; intros z.
- destruct (@layered_F_strict L send drive dt z) as [l Hl].
  apply (@filterdiff_continuous R_AbsRing (joint N) (State N)). exists l. exact (strict_diff Hl).
- destruct (@layered_Phi_theta_strict L send drive dt z) as [l Hl].
  apply (@filterdiff_continuous R_AbsRing (joint N) (Param N)). exists l. exact (strict_diff Hl).
- apply error_gradient_continuous.
Qed.
Theorem layered_affine : affine_in_theta N.
Proof.
intros s' th'. unfold phi.
change (layered_Phi send drive dt (s', th') = layered_Phi send drive dt (s', zero) +
  dot_rates L (layered_Phi_theta send drive dt (s', zero)) th').
rewrite (@param_part L send drive dt (s', zero) th'). unfold layered_Phi.
unfold sum_below. rewrite <- sum_plus. apply sum_ext. intros b _.
rewrite <- sum_plus. apply sum_ext. intros [n i] _. cbn [fst snd]. unfold from_above.
assert (E : sum_below (size L (S n)) (fun j => weight (zero : parameters L) n i j * signal send drive s' b (S n) j) = 0).
{ unfold sum_below. rewrite (sum_ext _ _ (fun _ => 0)). apply sum_zero. intros j _. unfold weight. rewrite param_zero. ring. }
assert (E' : bias (zero : parameters L) n i = 0) by apply param_zero.
rewrite E, E'. unfold sum_below. ring.
Qed.
Lemma layered_phi_differentiable : phi_differentiable N.
Proof.
intros x. destruct (@layered_Phi_theta_strict L send drive dt (x, zero)) as [l Hl].
exists (fun h => l (h, zero)).
exact (@filterdiff_comp' R_AbsRing (State N) (joint N) (Param N) (fun x => (x, zero)) (Phi_theta N) x _ l
  (filterdiff_pair (filterdiff_id (locally x)) (filterdiff_const (zero : Param N))) (strict_diff Hl)).
Qed.
Lemma layered_bounded : bounded_inner_product (Param N) (dot_param N).
Proof. apply (bounded_weighted (param_naming L)). intros [[n i] o] _. apply rate_factor. Qed.

(** Gradients in the parameters: Euclidean ones, and as the theorems read them. *)
Lemma rates_gradient (f : parameters L -> R) (p g : parameters L) :
  is_gradient (parameters L) (dot_parameters L) f p g <-> is_gradient (Param N) (dot_param N) f p (rates g).
Proof.
apply (gradient_in_weighted (param_naming L)). intros [[n i] o] Hk. cbn [fst].
change (INR (samples L) / rate L n * param (rates g) n i o = param g n i o).
unfold rates. rewrite params_of_entry by auto. destruct (rate_factor L n) as [_ [_ E]].
rewrite <- Rmult_assoc, E. ring.
Qed.
Lemma rates_onto (g' : parameters L) : exists g, rates g = g'.
Proof.
exists (params_of L (fun n i o => INR (samples L) / rate L n * param g' n i o)).
apply params_ext. intros n i o Hk. unfold rates. rewrite !params_of_entry by auto.
destruct (rate_factor L n) as [_ [_ E]]. rewrite <- Rmult_assoc, (Rmult_comm (rate L n / _)), E. ring.
Qed.
Lemma euclidean_gradient (f : parameters L -> R) (p g' : parameters L) :
  is_gradient (Param N) (dot_param N) f p g' -> exists g, is_gradient (parameters L) (dot_parameters L) f p g.
Proof.
intros H. destruct (rates_onto g') as [g <-]. exists g. now apply rates_gradient.
Qed.
End Hypotheses.

(** ** The layers' parameters *)

Section Projection.
Variable L : layered_model.

Lemma projection_entry l (v : parameters L) n i o : In (n, i, o) (param_names L) ->
  param (layer_projection l v) n i o = if Nat.eqb n l then param v n i o else 0.
Proof. intros Hk. unfold layer_projection. now rewrite params_of_entry. Qed.
Lemma projection_linear l : is_linear (@layer_projection L l).
Proof.
assert (D : filterdiff (@layer_projection L l) (locally (zero : parameters L))
  (fun h => vector_of (param_names L) (fun k => if Nat.eqb (fst (fst k)) l then param h (fst (fst k)) (snd (fst k)) (snd k) else 0))).
{ apply (entries_diff (param_naming L) (@layer_projection L l) (fun k h => if Nat.eqb (fst (fst k)) l then param h (fst (fst k)) (snd (fst k)) (snd k) else 0)).
  intros [[n i] o] Hk. cbn [fst snd].
  apply (@filterdiff_ext R_AbsRing (parameters L) R1 _ _ (fun v => if Nat.eqb n l then param v n i o else 0)).
  { intros v. symmetry. exact (projection_entry l v n i o Hk). }
  destruct (Nat.eqb n l). apply differential_linear, param_linear. apply differential_const. }
exact (proj1 D).
Qed.
Theorem layered_layers (send : nat -> activation) (drive : nat -> nat -> R) (dt : R) (s : states L) (th : parameters L) n :
  layers (layered_network send drive dt s th) n (@layer_projection L).
Proof.
intros l Hl. split; [exact (projection_linear l) | split].
- intros u v. change (dot_rates L (layer_projection l u) v = dot_rates L u (layer_projection l v)).
  unfold dot_rates. etransitivity. exact (weighted_sum (param_naming L) _ (layer_projection l u) v). symmetry.
  etransitivity. exact (weighted_sum (param_naming L) _ u (layer_projection l v)).
  apply sum_ext. intros [[m i] o] Hk. f_equal.
  change (param u m i o * param (layer_projection l v) m i o = param (layer_projection l u) m i o * param v m i o).
  rewrite !projection_entry by exact Hk. destruct (Nat.eqb m l); ring.
- intros m Hm v. apply params_ext. intros k i o Hk.
  etransitivity. exact (projection_entry l (layer_projection m v) k i o Hk). rewrite projection_entry by exact Hk.
  destruct (Nat.eqb l m) eqn:E.
  + apply Nat.eqb_eq in E. subst m. rewrite projection_entry by exact Hk. now destruct (Nat.eqb k l).
  + rewrite param_zero. destruct (Nat.eqb k l) eqn:E1, (Nat.eqb k m) eqn:E2; auto.
    apply Nat.eqb_eq in E1, E2. subst. rewrite Nat.eqb_refl in E. discriminate.
Qed.
End Projection.
