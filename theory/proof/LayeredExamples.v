(** * The paper's network, 784-512-10, and rest points of layered networks

    The theorems of [LayeredTheorems.v] hold for the sizes 784-512-10 by instantiation; no
    number is computed.  Rest points exist for every choice of the weights: any state can be
    made one by its biases ([energy_based_rest_exists], [prototypical_rest_exists]). *)

From Coq Require Import Reals Lra List Lia PeanoNat.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Network Preactivation Prototypical Drift.
From CEP Require Import Layered FiniteVectors Activation LayeredGradient LayeredTheorems.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** ** The activations *)

Theorem activation_smooth : Pinned.activation_smooth.
Proof. intros a v. exact (conj (rho_derivative a v) (fun n => proj1 (Activation.activation_smooth a n v))). Qed.

(** ** Rest points *)

Section Rest.
Variables (L : layered_model) (th : parameters L).
Hypothesis one_sample : samples L = 1%nat.

(** The parameters with other biases, and what the units then receive. *)
Definition with_biases (c : nat -> nat -> R) : parameters L :=
  params_of L (fun n i o => match o with None => c n i | Some j => weight th n i j end).
Lemma with_biases_weight c n i j : In (n, i) (units L) -> (j < size L (S n))%nat -> weight (with_biases c) n i j = weight th n i j.
Proof.
intros Hu Hj. unfold weight at 1, with_biases. now rewrite params_of_entry by (apply in_param_names; auto).
Qed.
Lemma with_biases_field send drive (s : states L) c n i : In (n, i) (units L) ->
  from_above send drive s (with_biases c) 0 n i + from_below send drive s (with_biases c) 0 n i =
  c n i - bias th n i + (from_above send drive s th 0 n i + from_below send drive s th 0 n i).
Proof.
intros Hu. unfold from_above.
assert (E : bias (with_biases c) n i = c n i).
{ unfold bias, with_biases. now rewrite params_of_entry by (apply in_param_names; auto). }
assert (E1 : from_below send drive s (with_biases c) 0 n i = from_below send drive s th 0 n i).
{ apply in_units in Hu. destruct n as [|m]; cbn [from_below]. reflexivity. apply sum_ext. intros j Hj. apply in_seq in Hj.
  rewrite with_biases_weight. reflexivity. apply in_units. lia. lia. }
assert (E2 : sum_below (size L (S n)) (fun j => weight (with_biases c) n i j * signal send drive s 0 (S n) j) =
  sum_below (size L (S n)) (fun j => weight th n i j * signal send drive s 0 (S n) j)).
{ apply sum_ext. intros j Hj. apply in_seq in Hj. rewrite with_biases_weight. reflexivity. exact Hu. lia. }
rewrite E, E1, E2. ring.
Qed.

(** Any state is at rest in the energy-based network with suitable biases and the given weights. *)
Theorem energy_based_rest_exists (dt : R) (s : states L) :
  exists th' : parameters L, (forall n i j, In (n, i) (units L) -> (j < size L (S n))%nat -> weight th' n i j = weight th n i j) /\
    settled (energy_based dt s th').
Proof.
set (drive := fun b j => rho (activations L (pred (depth L))) (input L b j)).
set (c := fun n i => unit_state s 0 n i / slope (activations L n) (unit_state s 0 n i) + bias th n i -
   (from_above (activations L) drive s th 0 n i + from_below (activations L) drive s th 0 n i)).
exists (with_biases c). split. { apply with_biases_weight. }
change (layered_F (activations L) drive dt (s, with_biases c) = s).
apply states_ext. intros b n i Hk. unfold layered_F. rewrite state_of_entry by auto. cbv zeta. cbn [fst snd].
apply in_state_names in Hk. destruct Hk as [Hb Hu]. assert (b = 0%nat) by lia. subst b.
rewrite with_biases_field by auto. unfold c.
assert (P := slope_positive (activations L n) (unit_state s 0 n i)). field. lra.
Qed.

(** The state [activate a] is at rest in the prototypical one, for any pre-activations [a]. *)
Theorem prototypical_rest_exists (a : states L) :
  exists th' : parameters L, (forall n i j, In (n, i) (units L) -> (j < size L (S n))%nat -> weight th' n i j = weight th n i j) /\
    activation_settled (prototypical (activate L a) th') (activate L).
Proof.
set (s := activate L a). set (none := fun _ : nat => Identity).
set (c := fun n i => unit_state a 0 n i + bias th n i -
   (from_above none (input L) s th 0 n i + from_below none (input L) s th 0 n i)).
exists (with_biases c). split. { apply with_biases_weight. }
unfold activation_settled, transition. change (activate L (F (prototypical s (with_biases c)) (s, with_biases c)) = activate L a).
f_equal. apply states_ext. intros b n i Hk. rewrite prototypical_preactivation by auto. cbn [fst snd].
apply in_state_names in Hk. destruct Hk as [Hb Hu]. assert (b = 0%nat) by lia. subst b.
etransitivity. exact (with_biases_field none (input L) s c n i Hu). unfold c. ring.
Qed.
End Rest.

(** ** 784-512-10 *)

Theorem mnist_theorem1 : Pinned.mnist_theorem1.
Proof.
intros activations samples has_samples input target rate L s th t g g_th. split; [|split].
- intros dt. exact (@layered_theorem1 L dt s th t g g_th).
- exact (@layered_inside_nudge L s th t g g_th).
- exact (@layered_outside_nudge L s th t g g_th).
Qed.
